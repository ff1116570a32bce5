import { assertEquals, assertMatch } from "@std/assert";
import { Recorder } from "./recorder.ts";
import { Schedule } from "./schedule.ts";

/** A recorder whose time a test tells, and what it complains of. */
class Notes {
  readonly complaints: string[] = [];
  readonly schedule: Schedule = new Schedule();
  readonly recorder: Recorder = new Recorder(
    this.schedule,
    (what) => this.complaints.push(what),
  );

  /** Lets a millisecond pass. */
  async pass(): Promise<number> {
    await this.schedule.run(this.schedule.nowMs + 1, () => false);
    return this.schedule.nowMs;
  }

  /** Writes a block; it is acknowledged a millisecond later. */
  async write(lba: number): Promise<number> {
    const work = this.recorder.writeBegins("h0", lba, 1);
    const attempt = this.recorder.attempt(work);
    await this.pass();
    this.recorder.writeEnded(work, true);
    await this.pass();
    return attempt;
  }

  /** Reads a block that holds what some try has written. */
  async read(lba: number, attempt: number): Promise<void> {
    const fromMs = await this.pass();
    await this.pass();
    this.recorder.wasRead(lba, [attempt], fromMs);
  }
}

Deno.test("Recorder: what was acknowledged last is read", async () => {
  const notes = new Notes();
  await notes.write(3);
  await notes.read(3, await notes.write(3));
  notes.recorder.judge();
  assertEquals(notes.complaints, []);
});

Deno.test("Recorder: an acknowledged write that is gone", async () => {
  const notes = new Notes();
  const first = await notes.write(3);
  await notes.write(3);
  await notes.read(3, first);
  notes.recorder.judge();
  assertMatch(notes.complaints[0] ?? "", /^block 3, .* is lost$/);
});

Deno.test("Recorder: data that were never written", async () => {
  const notes = new Notes();
  const attempt = await notes.write(3);
  await notes.read(4, attempt);
  notes.recorder.judge();
  assertMatch(notes.complaints[0] ?? "", /^block 4, .* never was there$/);
});

Deno.test("Recorder: a write behind its confirmed abort", () => {
  const { recorder, complaints } = new Notes();
  const attempt = recorder.attempt(recorder.writeBegins("h0", 5, 1));
  recorder.written(5, attempt, 1);
  assertEquals(complaints, []);
  recorder.abortConfirmed(attempt);
  recorder.written(5, attempt, 1);
  assertMatch(complaints[0] ?? "", /^block 5 got data of try 1 from node 1/);
});
