/**
 * Starts `iscsi-test-cu`: one process for a family or a single test, always
 * with an end.
 *
 * @module
 */

import { runTool } from "../support/run_tool.ts";
import { parseTestList } from "./tool_output.ts";

/** Which logical unit is tested, and how the tool is called. */
export interface ToolSettings {
  /** `address:port` of the target. */
  readonly portal: string;
  /** Name of the target. */
  readonly iqn: string;
  /** Logical unit. */
  readonly lun: number | string;
  /** Second URL for tests with two paths; the first one when not given. */
  readonly url2?: string | undefined;
  /** Every test gets both URLs, not the MultipathIO family alone. */
  readonly twoPaths?: boolean | undefined;
  /**
   * Families that get `-d`, all by default; in others the tests that the tool
   * calls destructive are skipped.
   */
  readonly destructive?: RegExp | undefined;
  /** Pass `--allow-sanitize`. */
  readonly sanitize?: boolean | undefined;
  /** Name of the tool. */
  readonly tool?: string | undefined;
  /** Name of the tool that asks whether the target is alive. */
  readonly inquiryTool?: string | undefined;
  /** Folder for the raw output of every process. */
  readonly logDir?: string | undefined;
}

/** What one process of the tool did. */
export interface ToolRun {
  /** Everything that it printed. */
  readonly output: string;
  /** Why it ended, when it did not end as it should; else empty. */
  readonly trouble: string;
}

const LIST_MS = 20_000;
const INQUIRY_MS = 6_000;

/** Runs the tool against one logical unit. */
export class ToolRunner {
  /** Address of the logical unit, as the tools of libiscsi write it. */
  readonly url: string;
  readonly #settings: ToolSettings;
  readonly #prefix: readonly string[];
  #count = 0;

  /** Use {@linkcode ToolRunner.create}. */
  constructor(settings: ToolSettings, prefix: readonly string[]) {
    const { portal, iqn, lun } = settings;
    this.url = `iscsi://${portal}/${iqn}/${lun}`;
    this.#settings = settings;
    this.#prefix = prefix;
  }

  /** Finds out which helpers are there. */
  static async create(settings: ToolSettings): Promise<ToolRunner> {
    // Without stdbuf a tool that hangs takes its last lines with it.
    const prefix = await exists("stdbuf") ? ["stdbuf", "-oL"] : [];
    return new ToolRunner(settings, prefix);
  }

  /** Asks the tool for its tests, by family. */
  async listTests(): Promise<Map<string, string[]>> {
    const limits = { timeoutMs: LIST_MS };
    const listed = await runTool(this.#tool, ["-l"], limits);
    const families = parseTestList(listed.stdout);
    if (families.size > 0) return families;
    throw new Error(`${this.#tool} lists no tests: ${listed.stderr}`);
  }

  /** Whether the target still answers an INQUIRY. */
  async isAlive(): Promise<boolean> {
    const { inquiryTool = "iscsi-inq" } = this.#settings;
    const limits = { timeoutMs: INQUIRY_MS };
    return (await runTool(inquiryTool, [this.url], limits)).code === 0;
  }

  /** Runs what a specification names, such as `ALL.Read10.Simple`. */
  async run(specification: string, timeoutMs: number): Promise<ToolRun> {
    const words = [...this.#prefix, this.#tool, ...this.#args(specification)];
    // One stream for both outputs: their order decides what belongs to a test.
    const args = ["-c", 'exec "$@" 2>&1', "sh", ...words];
    const result = await runTool("sh", args, { timeoutMs });
    const trouble = troubleOf(result, timeoutMs);
    await this.#log(specification, words, result.stdout, trouble);
    return { output: result.stdout, trouble };
  }

  get #tool(): string {
    return this.#settings.tool ?? "iscsi-test-cu";
  }

  #args(specification: string): string[] {
    const { destructive, sanitize, url2, twoPaths } = this.#settings;
    const args = ["-v", `--test=${specification}`];
    const [, family = ""] = specification.split(".");
    if (destructive?.test(family) ?? true) args.push("-d");
    if (sanitize === true) args.push("-S");
    args.push(this.url);
    if (twoPaths === true || specification.startsWith("ALL.Multipath")) {
      args.push(url2 ?? this.url);
    }
    return args;
  }

  async #log(
    specification: string,
    words: readonly string[],
    output: string,
    trouble: string,
  ): Promise<void> {
    const { logDir } = this.#settings;
    if (logDir === undefined) return;
    this.#count += 1;
    await Deno.mkdir(logDir, { recursive: true });
    const number = String(this.#count).padStart(3, "0");
    const text = `${words.join(" ")}\n${output.slice(0, 1 << 20)}\n` +
      `[${trouble || "ended"}]\n`;
    await Deno.writeTextFile(`${logDir}/${number}-${specification}.log`, text);
  }
}

function troubleOf(
  result: Awaited<ReturnType<typeof runTool>>,
  timeoutMs: number,
): string {
  if (result.killed === "timeout") return `timeout after ${timeoutMs / 1000} s`;
  if (result.killed === "output") return "killed: it printed too much";
  if (result.signal !== null) return `process ended with ${result.signal}`;
  return result.code === 0 ? "" : `process ended with exit ${result.code}`;
}

/** Whether a program is installed. */
export async function exists(command: string): Promise<boolean> {
  const args = ["-c", 'command -v "$1"', "sh", command];
  return (await runTool("sh", args, { timeoutMs: LIST_MS })).code === 0;
}
