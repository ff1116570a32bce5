import { assertEquals } from "@std/assert";
import { rowsTest, withDisk } from "../../support/ctladm_rows.ts";

const READ = "read 0 -l 0 -d 1 -b 512 -N";
const FAILED = "(7:1:0/0): SCSI sense: ";

/** Lines that end a command with an error. */
async function senseOf(line: string, words: readonly string[]) {
  let answers: readonly string[] = [];
  await withDisk(async (machine) => {
    const { code, errors } = await machine.ctladm(["inject", "0", ...words]);
    assertEquals([code, errors], [0, []]);
    answers = (await machine.ctladm(line)).errors;
  });
  return answers.filter((each) => each.startsWith(FAILED))
    .map((each) => each.slice(FAILED.length));
}

const ERRORS: readonly (readonly [
  words: string,
  line: string,
  sense: string | undefined,
])[] = [
  [
    "-i aborted -p read",
    READ,
    "ABORTED COMMAND asc:45,0 (Select or reselect failure)",
  ],
  [
    "-i med -p rw",
    READ,
    "MEDIUM ERROR asc:11,0 (Unrecovered read error)",
  ],
  [
    "-i ua -p tur",
    "tur 0",
    "UNIT ATTENTION asc:29,0 (Power on, reset, or bus device reset occurred)",
  ],
  [
    "-i mediumerr -p readc",
    "readcapacity 0",
    "MEDIUM ERROR asc:11,0 (Unrecovered read error)",
  ],
  ["-i aborted -p write -p readcap", READ, undefined],
  ["-i aborted -p read -r 1,10", READ, undefined],
  [
    "-i aborted -p read -r 0x0,1",
    READ,
    "ABORTED COMMAND asc:45,0 (Select or reselect failure)",
  ],
];

for (const [words, line, sense] of ERRORS) {
  Deno.test(`ctladm inject ${words}: ${line}`, async () => {
    const senses = await senseOf(line, words.split(" "));
    assertEquals(senses, sense === undefined ? [] : [sense]);
  });
}

Deno.test("ctladm inject -s takes sense data in CAM's language", async () => {
  const words = ["-i", "custom", "-s", "18", "{code} 70 0 v:i1 s7 a s12 v v"];
  const senses = await senseOf("tur 0", [
    ...words,
    ...["4", "0x44", "0"],
    ...["-p", "any"],
  ]);
  assertEquals(senses, [
    "HARDWARE ERROR asc:44,0 (Internal target failure)",
  ]);
});

Deno.test("ctladm inject -s - reads sense data from standard input", () =>
  withDisk(async (machine) => {
    machine.files.set("-", Uint8Array.fromHex("720311000000000000"));
    const injected = await machine.ctladm(
      "inject 0 -i custom -s 8 - -p tur -c",
    );
    assertEquals(injected.lines, [
      "Error injection succeeded, serial number is 0",
    ]);
    for (const _ of [1, 2]) {
      const { errors } = await machine.ctladm("tur 0");
      assertEquals(
        errors.at(-1),
        `${FAILED}MEDIUM ERROR asc:11,0 (Unrecovered read error)`,
      );
    }
    const short = await machine.ctladm("inject 0 -i custom -s 10 - -p tur");
    assertEquals(short.errors, [
      "ctladm: only read 9 of 10 sense bytes from standard input",
    ]);
  }));

rowsTest("ctladm inject numbers errors, and deletes them", [
  {
    line: "inject 0 -i ua -p any",
    out: ["Error injection succeeded, serial number is 0"],
  },
  {
    line: "inject 0 -i aborted -p tur -c --json",
    out: ["{", '  "serial": 1', "}"],
  },
  { line: "inject 0 -d 0" },
  { line: "inject 0 -d 1" },
  { line: "tur 0", out: ["(7:1:0/0): Unit is ready"] },
  {
    line: "inject 0 -d 1",
    code: 1,
    err: [
      "ctladm: error issuing CTL_ERROR_INJECT_DELETE ioctl: Invalid " +
      "argument: LUN 0 has no injected error 1",
    ],
  },
]);

const REFUSED: readonly (readonly [words: string, error: string])[] = [
  ["-p tur", "error injection command (-i) needed"],
  ["-i ua", "command pattern (-p) needed"],
  [
    "-i ua -i ua -p tur",
    "only one error injection command (-i) may be given",
  ],
  [
    "-i x -p tur",
    "invalid argument x for -i: expected aborted, mediumerr, ua, custom",
  ],
  [
    "-i ua -p r",
    "ambiguous argument r for -p: expected read, write, rw, readwrite, " +
    "readcap, tur, any",
  ],
  ["-i custom -p tur", "custom error requires -s"],
  ["-i custom -p tur -s 0 70", "invalid number of sense bytes 0"],
  ["-i custom -p tur -s x 70", "invalid number of sense bytes x"],
  ["-i custom -p tur -s 8", "no format for -s len fmt [args]"],
  [
    "-i custom -p tur -s 8 v",
    'not enough arguments for "v": it takes 1',
  ],
  [
    "-i custom -p tur -s 8 v:i9 1",
    'invalid format "v:i9": illegal width of 72 bits',
  ],
  ["-i ua -p read -r 7", "no len argument for -r lba,len"],
  [
    "-i ua -p tur -r 0,1",
    "error issuing CTL_ERROR_INJECT ioctl: Cannot inject an error: only " +
    "reads and writes have a range of blocks",
  ],
  [
    "-i ua -p tur -s 8 70",
    'error issuing CTL_ERROR_INJECT ioctl: Cannot inject an error: "ua" has ' +
    "sense data of its own",
  ],
];

rowsTest(
  "ctladm inject refuses what makes no sense",
  REFUSED.map(([words, error]) => ({
    line: `inject 0 ${words}`,
    code: 1,
    err: [`ctladm: ${error}`],
  })),
);

rowsTest("ctladm inject and delay refuse an unknown LUN", [
  {
    line: "inject 7 -i ua -p tur",
    code: 1,
    err: [
      "ctladm: error issuing CTL_ERROR_INJECT ioctl: LUN 7 does not exist",
    ],
  },
  {
    line: "delay 7 -l done -t 1",
    code: 1,
    err: ["ctladm: invalid lun 7"],
  },
]);

rowsTest("ctladm delay refuses what it does not know", [
  {
    line: "delay 0 -t 1",
    code: 1,
    err: ["ctladm: you must specify the delay location with -l"],
  },
  {
    line: "delay 0 -l never -t 1",
    code: 1,
    err: [
      "ctladm: invalid delay location never: expected datamove or done",
    ],
  },
  {
    line: "delay 0 -l done",
    code: 1,
    err: ["ctladm: you must specify the delaytime with -t"],
  },
  {
    line: "delay 0 -l done -t 1 -T ever",
    code: 1,
    err: ["ctladm: invalid delay type ever: expected oneshot or cont"],
  },
  {
    line: "delay 0 -l done -t 86401",
    code: 1,
    err: [
      "ctladm: Cannot delay by 86401 seconds: expected a whole number from " +
      "0 to 86400",
    ],
  },
]);

const DELAYS: readonly (readonly [words: string, held: boolean[]])[] = [
  ["-l done -t 2", [true, false]],
  ["-l DONE -t 2 -T cont", [true, true]],
  ["-l datamove -t 2 -T ONESHOT", [true, false]],
];

for (const [words, held] of DELAYS) {
  Deno.test(`ctladm delay ${words} holds commands`, () =>
    withDisk(async (machine) => {
      const { code, lines, errors } = await machine.ctladm(`delay 0 ${words}`);
      assertEquals([code, lines, errors], [0, [], []]);
      for (const isHeld of held) {
        const read = machine.ctladm(`${READ} -I 7`);
        const tasks = await underWay(machine);
        assertEquals(tasks > 0, isHeld);
        machine.host.clock.advance(2000);
        assertEquals((await read).errors, []);
      }
      await machine.ctladm(`delay 0 ${words.replace("-t 2", "-t 0")}`);
      const { delays } = await machine.client.get<{ delays: unknown[] }>(
        "/v1/luns/0/injections",
      );
      assertEquals(delays, []);
    }));
}

// The command goes through the API first: some turns later it is there.
async function underWay(
  machine: Parameters<Parameters<typeof withDisk>[0]>[0],
): Promise<number> {
  let count = 0;
  for (let turn = 0; turn < 20 && count === 0; turn += 1) {
    count = (await machine.client.get<unknown[]>("/v1/tasks")).length;
  }
  return count;
}
