/**
 * Statements of the configuration as data: one row a keyword. The rows know
 * what a statement means, not how it is spelled; a parser runs them.
 *
 * @module
 */

/** Why a statement is refused; undefined when it is not. */
export type Problem = string | undefined;

/** One keyword within a scope. */
export interface Keyword<Scope> {
  /** Words that the statement takes. */
  readonly words?: number;
  /** Words that may follow them. */
  readonly optionalWords?: number;
  /** Checks and stores the statement. */
  readonly store?: (scope: Scope, ...words: string[]) => Problem;
  /** Opens a block named by one word; a text is the reason not to. */
  readonly open?: (scope: Scope, name: string) => Block | string;
  /** Its block has no name: `ha { … }`. */
  readonly unnamed?: boolean;
  /** Its words are secrets, which no message may show. */
  readonly secret?: boolean;
  /** Its words may be spelled like keywords. */
  readonly keywordsAsWords?: boolean;
  /** What we do not support and this keyword needs. */
  readonly unsupported?: string;
}

/** Keywords of a scope by name. */
export type KeywordTable<Scope> = ReadonlyMap<string, Keyword<Scope>>;

/** A keyword that knows its scope. */
export interface BoundKeyword {
  /** See {@linkcode Keyword.words}. */
  readonly words: number;
  /** See {@linkcode Keyword.optionalWords}. */
  readonly optionalWords: number;
  /** See {@linkcode Keyword.store}. */
  readonly store: ((words: readonly string[]) => Problem) | undefined;
  /** See {@linkcode Keyword.open}. */
  readonly open: ((name: string) => Block | string) | undefined;
  /** See {@linkcode Keyword.unnamed}. */
  readonly unnamed: boolean;
  /** See {@linkcode Keyword.secret}. */
  readonly secret: boolean;
  /** See {@linkcode Keyword.keywordsAsWords}. */
  readonly keywordsAsWords: boolean;
  /** See {@linkcode Keyword.unsupported}. */
  readonly unsupported: string | undefined;
}

/** A block that is being read. */
export interface Block {
  /** A keyword of the block, or undefined when it has no such. */
  find(keyword: string): BoundKeyword | undefined;
  /** Checks the block as a whole, at its end. */
  close(): Problem;
}

/** Makes a block of a table and the value that its statements fill. */
export function openBlock<Scope>(
  table: KeywordTable<Scope>,
  scope: Scope,
  close: (scope: Scope) => Problem = accept,
): Block {
  return {
    find: (name) => {
      const keyword = table.get(name);
      return keyword && bind(keyword, scope);
    },
    close: () => close(scope),
  };
}

/** Makes a table of rows. */
export function keywordTable<Scope>(
  rows: Readonly<Record<string, Keyword<Scope>>>,
): KeywordTable<Scope> {
  return new Map(Object.entries(rows));
}

/** A keyword that CTL knows and we refuse. */
export function unsupported(feature: string): Keyword<unknown> {
  return { unsupported: feature };
}

/** The sentence for a keyword that needs what we do not support. */
export function notSupported(keyword: string, feature: string): string {
  return `"${keyword}" needs ${feature}, which is not supported by DTL`;
}

/** The feature behind the keywords of NVMe hosts and controllers. */
export const NVME = "NVMe over Fabrics";

/** The feature behind RDMA portals. */
export const ISER = "iSER";

function accept(): Problem {
  return undefined;
}

function bind<Scope>(keyword: Keyword<Scope>, scope: Scope): BoundKeyword {
  const { store, open } = keyword;
  return {
    words: keyword.words ?? 0,
    optionalWords: keyword.optionalWords ?? 0,
    store: store && ((words) => store(scope, ...words)),
    open: open && ((name) => open(scope, name)),
    unnamed: keyword.unnamed ?? false,
    secret: keyword.secret ?? false,
    keywordsAsWords: keyword.keywordsAsWords ?? false,
    unsupported: keyword.unsupported,
  };
}
