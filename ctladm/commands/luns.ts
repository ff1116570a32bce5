/**
 * `ctladm create`, `modify` and `remove`: LUNs made and changed by hand.
 *
 * @module
 */

import { parseSize } from "../../mod.ts";
import type {
  CreateLunBody,
  LunChangedResource,
  ModifyLunBody,
} from "../api/resources.ts";
import { type Options, valueOf, valuesOf } from "../getopt.ts";
import {
  asking,
  type Command,
  type CommandContext,
  namedOptions,
  numberOption,
  parseNumber,
  UsageError,
} from "./command.ts";

/** `ctladm create`. */
export const create: Command = {
  name: "create",
  letters: "b:B:d:l:o:s:S:t:",
  summary: "make a LUN",
  synopsis: "create -b backend [-B blocksize] [-d device_id] [-l lun_id] " +
    "[-o name=value] [-s size_bytes] [-S serial] [-t device_type]",
  example: "ctladm create -b ramdisk -s 1g -o capacity=1g",
  run: createLun,
};

/** `ctladm modify`. */
export const modify: Command = {
  name: "modify",
  letters: "b:l:o:s:",
  summary: "change size or options of a LUN; options are given anew",
  synopsis: "modify -b backend -l lun_id [-o name=value] [-s size_bytes]",
  example: "ctladm modify -b ramdisk -l 0 -s 2g -o capacity=2g",
  run: modifyLun,
};

/** `ctladm remove`. */
export const remove: Command = {
  name: "remove",
  letters: "b:l:o:",
  summary: "remove a LUN",
  synopsis: "remove -b backend -l lun_id",
  example: "ctladm remove -b ramdisk -l 0",
  run: removeLun,
};

async function createLun(context: CommandContext): Promise<void> {
  const { client, options, print, printJson, json } = context;
  const body: CreateLunBody = {
    backend: required(options, "b", "backend name (-b) must be specified"),
    number: numberOption(options, "l", "LUN ID"),
    deviceType: numberOption(options, "t", "device type"),
    sizeBytes: sizeOf(options) || undefined,
    blockLength: numberOption(options, "B", "block size"),
    serial: valueOf(options, "S"),
    deviceId: valueOf(options, "d"),
    options: namedOptions(options, "o"),
  };
  const { lun, warning } = await asking(
    "LUN creation error",
    client.post<LunChangedResource>("/v1/luns", body),
  );
  if (warning !== undefined) print(`LUN creation warning: ${warning}`);
  if (json) return printJson(lun);
  print("LUN created successfully");
  print(`backend:       ${lun.backend}`);
  print(`device type:   ${lun.deviceType}`);
  print(`LUN size:      ${lun.sizeBlocks * lun.blockLength} bytes`);
  // The missing colon is CTL's: scripts know the line as it is.
  print(`blocksize      ${lun.blockLength} bytes`);
  print(`LUN ID:        ${lun.id}`);
  print(`Serial Number: ${lun.serialNumber}`);
  print(`Device ID:     ${lun.deviceId}`);
}

async function modifyLun(context: CommandContext): Promise<void> {
  const { client, options, print } = context;
  const { backend, id } = chosenLun(options);
  const sizeBytes = sizeOf(options);
  if (sizeBytes === undefined && valuesOf(options, "o").length === 0) {
    throw new UsageError("size (-s) or options (-o) must be specified");
  }
  const body: ModifyLunBody = {
    backend,
    sizeBytes,
    options: namedOptions(options, "o"),
  };
  const { warning } = await asking(
    "LUN modification error",
    client.patch<LunChangedResource>(`/v1/luns/${id}`, body),
  );
  if (warning !== undefined) print(`LUN modification warning: ${warning}`);
  print(`LUN ${id} modified successfully`);
}

async function removeLun(context: CommandContext): Promise<void> {
  const { client, options, print } = context;
  const { backend, id } = chosenLun(options);
  await asking(
    "LUN removal error",
    client.delete(
      `/v1/luns/${id}?backend=${encodeURIComponent(backend)}`,
    ),
  );
  print(`LUN ${id} removed successfully`);
}

function chosenLun(options: Options): { backend: string; id: number } {
  const backend = required(
    options,
    "b",
    "backend name (-b) must be specified",
  );
  const id = required(options, "l", "LUN id (-l) must be specified");
  return { backend, id: parseNumber("LUN ID", id) };
}

function required(options: Options, letter: string, otherwise: string): string {
  const value = valueOf(options, letter);
  if (value === undefined) throw new UsageError(otherwise);
  return value;
}

// `-s auto` is 0: the size of what lies below.
function sizeOf(options: Options): number | undefined {
  const text = valueOf(options, "s");
  if (text === undefined) return undefined;
  const bytes = text === "auto" ? 0 : parseSize(text);
  if (bytes === undefined) {
    throw new UsageError(
      `invalid size "${text}": expected a number of bytes, or one with b, ` +
        `k, m, g, t, p or e`,
    );
  }
  return bytes;
}
