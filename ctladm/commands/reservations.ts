/**
 * `ctladm reservations`: who has registered with a LUN, and who holds it.
 *
 * @module
 */

import { type ApiClient, ApiError } from "../api/client.ts";
import type { LunResource, ReservationsResource } from "../api/resources.ts";
import { type Command, parseNumber } from "./command.ts";

/** `ctladm reservations`. */
export const reservations: Command = {
  name: "reservations",
  beyondCtl: true,
  letters: "",
  summary: "show keys, holder, type and RESERVE of a LUN, or of all",
  synopsis: "reservations [lun] [--json]",
  example: "ctladm reservations 0",
  run: async ({ client, options, print, printJson, json }) => {
    const [word] = options.rest;
    const all = word === undefined
      ? await reservationsOfAll(client)
      : [await reservationsOf(client, parseNumber("lun", word))];
    if (json) return printJson(word === undefined ? all : all[0]);
    for (const each of all) print(linesOf(each).join("\n"));
  },
};

function reservationsOf(
  client: ApiClient,
  lun: number,
): Promise<ReservationsResource> {
  return client.get<ReservationsResource>(`/v1/luns/${lun}/reservations`);
}

async function reservationsOfAll(
  client: ApiClient,
): Promise<ReservationsResource[]> {
  const all: ReservationsResource[] = [];
  for (const { id } of await client.get<LunResource[]>("/v1/luns")) {
    try {
      all.push(await reservationsOf(client, id));
    } catch (error) {
      // It was removed meanwhile.
      const gone = error instanceof ApiError && error.code === "lun-not-found";
      if (!gone) throw error;
    }
  }
  return all;
}

function linesOf(one: ReservationsResource): string[] {
  const { lun, type, reserve, registrations, generation, persists } = one;
  const held = type === null ? "no reservation" : type.name;
  const lines = [
    `LUN ${lun}: ${held}, generation ${generation}, APTPL ${
      persists ? "on" : "off"
    }`,
  ];
  for (const { port, initiator, key, holder } of registrations) {
    const mark = holder ? " (holder)" : "";
    lines.push(`  Port ${port} key ${key} ${initiator}${mark}`);
  }
  if (reserve !== null) {
    lines.push(
      `  RESERVE held by ${reserve.initiator} at port ${reserve.port}`,
    );
  }
  return lines;
}
