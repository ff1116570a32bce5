/**
 * Inputs that are worth trying in every run, each a named test: edges that
 * broke some target once, and what the properties of this folder have found.
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parseConfiguration } from "../../ctladm/conf/parser.ts";
import { targetTest } from "../support/core_target.ts";
import { encodePdu, login } from "../support/initiator/mod.ts";
import { MemoryDaemon } from "../support/memory_daemon.ts";
import { STATUS } from "../../core/mod.ts";
import apiCorpus from "./corpus/api.json" with { type: "json" };
import cdbCorpus from "./corpus/cdb.json" with { type: "json" };
import confCorpus from "./corpus/conf.json" with { type: "json" };
import loginCorpus from "./corpus/login.json" with { type: "json" };
import pduCorpus from "./corpus/pdu.json" with { type: "json" };
import { HostileInitiator } from "./hostile_initiator.ts";
import { HOSTILE_TARGET, IscsiRig } from "./iscsi_rig.ts";
import { buildLogin } from "./login_plan.ts";

const LUN = { sizeBytes: 512 * 512 };

interface CdbCase {
  readonly name: string;
  /** CDB in hexadecimal. */
  readonly cdb: string;
  /** Bytes that may come back. */
  readonly read?: number;
  /** Data-Out in hexadecimal. */
  readonly data?: string;
  /** Status, or sense as `key/asc/ascq`. */
  readonly outcome: string;
}

const CDBS: readonly CdbCase[] = cdbCorpus;

for (const { name, cdb, read, data, outcome } of CDBS) {
  targetTest(name, async (test) => {
    await test.addLun(LUN);
    const initiator = await test.connectReady("corpus");
    const result = await initiator.command(0, Uint8Array.fromHex(cdb), {
      ...(read === undefined ? {} : { read }),
      ...(data === undefined ? {} : { write: Uint8Array.fromHex(data) }),
    });
    const { status, sense } = result;
    const what = status === STATUS.GOOD ? "GOOD" : sense;
    assert(what.startsWith(outcome), `${what}, not ${outcome}`);
  });
}

interface PduCase {
  readonly name: string;
  /** What is sent after the login, in hexadecimal. */
  readonly bytes: string;
  /** The first PDU gets the CmdSN that is due. */
  readonly numbered: boolean;
}

const CMD_SN = 24;

const PDUS: readonly PduCase[] = pduCorpus;

for (const { name, bytes, numbered } of PDUS) {
  Deno.test(`PDU: ${name}`, async () => {
    const rig = await IscsiRig.create();
    const { connection } = rig.connect();
    const { exchange, replies } = await login({
      connection,
      targetName: HOSTILE_TARGET,
    });
    const hostile = new HostileInitiator(connection, {
      cmdSN: exchange.cmdSN,
      expStatSN: ((replies.at(-1)?.pdu.statSN ?? 0) + 1) >>> 0,
      segmentBytesMax: 2 ** 24,
      firstBurstBytes: 65536,
      second: () => rig.second(),
    });
    const sent = Uint8Array.fromHex(bytes);
    if (numbered && sent.length >= CMD_SN + 4) {
      new DataView(sent.buffer).setUint32(CMD_SN, exchange.cmdSN);
    }
    await hostile.sendBytes(sent);
    await hostile.wait();
    rig.checkNow();
    await hostile.probe();
    await rig.checkDecent();
    hostile.close();
    await rig.finish();
    assertEquals(hostile.violations, []);
  });
}

interface LoginCase {
  readonly name: string;
  /** Byte 1 of the request, in hexadecimal. */
  readonly flags: string;
  /** Its text. */
  readonly text: string;
  /** Status class of the answer, in hexadecimal. */
  readonly end: string;
}

const LOGINS: readonly LoginCase[] = loginCorpus;

for (const { name, flags, text, end } of LOGINS) {
  Deno.test(`Login: ${name}`, async () => {
    const rig = await IscsiRig.create();
    const { connection } = rig.connect();
    const request = buildLogin({
      flags: Number.parseInt(flags, 16),
      text: new TextEncoder().encode(text),
      odd: {},
      damage: null,
    }, 0);
    await connection.sendBytes(encodePdu(request));
    const reply = await connection.next();
    const status = reply?.header[36]?.toString(16).padStart(2, "0");
    rig.checkNow();
    connection.close();
    await rig.checkDecent();
    await rig.finish();
    assertEquals(status, end);
  });
}

interface ConfCase {
  readonly name: string;
  readonly text: string;
  /** Part of the complaint; empty: it is right. */
  readonly end: string;
}

const CONFIGURATIONS: readonly ConfCase[] = confCorpus;

for (const { name, text, end } of CONFIGURATIONS) {
  Deno.test(`ctl.conf: ${name}`, () => {
    const outcome = parseConfiguration(text);
    const complaint = "error" in outcome ? outcome.error : "";
    assert(complaint.length < 2000, "a message has an end");
    if (end === "") assertEquals(complaint, "");
    else assertStringIncludes(complaint, end);
  });
}

interface ApiCase {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  /** Content type; empty: none. */
  readonly type: string;
  readonly body?: string;
  readonly status: number;
}

const REQUESTS: readonly ApiCase[] = apiCorpus;

for (const each of REQUESTS) {
  const { name, method, path, type, body, status } = each;
  Deno.test(`Control API: ${name}`, async () => {
    await using machine = new MemoryDaemon();
    const response = await machine.send(
      new Request(`http://ctl${path}`, {
        method,
        ...(type === "" ? {} : { headers: { "content-type": type } }),
        ...(body === undefined ? {} : { body }),
      }),
    );
    const text = await response.text();
    assertEquals(response.status, status, text.slice(0, 200));
  });
}
