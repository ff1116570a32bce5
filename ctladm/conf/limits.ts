/**
 * Limits of the configuration language, each with a name: a hostile file gets
 * an error, and costs no more than a large honest one.
 *
 * @module
 */

/** Characters in a configuration file with all that it includes. */
export const FILE_LENGTH_MAX: number = 1024 * 1024;

/** Characters in one word, quoted or not. */
export const WORD_LENGTH_MAX: number = 64 * 1024;

/** Characters in the name of a group or a LUN. */
export const NAME_LENGTH_MAX = 255;

/** Bytes of UTF-8 in the name of a target; CTL refuses 223 and more. */
export const TARGET_NAME_BYTES_MAX = 222;

/** Warnings that are kept; the rest is summed up in one line. */
export const WARNINGS_MAX = 1000;

/** Portal groups, so that their tags always fit in 16 bits. */
export const PORTAL_GROUPS_MAX = 4096;

/** Targets; each has a port at least, and there are fewer of those. */
export const TARGETS_MAX = 4096;

/** LUNs: as many as the core has numbers for. */
export const LUNS_MAX = 4096;

/** Sections and arrays of UCL within one another. */
export const NESTING_DEPTH_MAX = 32;

/** Files of UCL that include one another. */
export const INCLUDE_DEPTH_MAX = 16;

/** Files that a file of UCL includes in all. */
export const INCLUDES_MAX = 256;

/** Characters in the path of such a file. */
export const INCLUDE_PATH_LENGTH_MAX = 1024;

/** Highest LUN number that a target can show. */
export const LUN_NUMBER_MAX = 1023;

/** Highest plain number: counts and levels are 32-bit integers in CTL. */
export const INTEGER_MAX: number = 2 ** 31 - 1;

/** Longest time in seconds: what a timer of 2^31 - 1 milliseconds can wait. */
export const SECONDS_MAX: number = Math.floor(INTEGER_MAX / 1000);

/** Characters of a word that an error message shows after `near`. */
export const NEAR_LENGTH_MAX = 64;

/** Plugins of a file. */
export const PLUGINS_MAX = 64;
