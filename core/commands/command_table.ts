/**
 * The command table: one row a command. It drives dispatch, CDB validation,
 * ordering, permissions and REPORT SUPPORTED OPERATION CODES.
 *
 * @module
 */

import {
  type Completion,
  INVALID_COMMAND_OPERATION_CODE,
  invalidFieldInCdb,
} from "../sense.ts";
import { VARIABLE_LENGTH } from "./cdb.ts";
import {
  type CommandDefinition,
  type CommandRow,
  commandRowOf,
} from "./command_row.ts";

export type { CommandRow } from "./command_row.ts";

/** SERVICE ACTION: the low five bits of byte 1. */
const SERVICE_ACTION = 0x1f;
/** SERVICE ACTION of variable length CDBs: two bytes. */
const SERVICE_ACTION_LONG = 0xffff;
const VariableAt = { ADDITIONAL_CDB_LENGTH: 7, SERVICE_ACTION: 8 } as const;

/** Rows by operation code and service action. */
export class CommandTable {
  readonly #plain: (CommandRow | undefined)[] = new Array(256).fill(undefined);
  readonly #grouped: ((CommandRow | undefined)[] | undefined)[] = new Array(256)
    .fill(undefined);

  /** A table with the given commands. */
  constructor(definitions: Iterable<CommandDefinition> = []) {
    for (const definition of definitions) this.add(definition);
  }

  /** Adds a command; the result takes it out again. */
  add(definition: CommandDefinition): Disposable {
    const { opcode, serviceAction } = definition;
    if (this.#isTaken(opcode, serviceAction)) {
      throw new TypeError(`Cannot add ${definition.name}: its code is taken`);
    }
    if ((serviceAction ?? 0) > this.serviceActionMax(opcode)) {
      throw new TypeError(
        `Cannot add ${definition.name}: its service action has no row`,
      );
    }
    const row = commandRowOf(definition);
    if (serviceAction === undefined) this.#plain[opcode] = row;
    else (this.#grouped[opcode] ??= [])[serviceAction] = row;
    return {
      [Symbol.dispose]: () => this.#remove(opcode, serviceAction),
    };
  }

  /** The row for a CDB, or null. */
  find(cdb: DataView): CommandRow | null {
    const opcode = cdb.getUint8(0);
    const plain = this.#plain[opcode];
    if (plain !== undefined) return plain;
    const group = this.#grouped[opcode];
    if (group === undefined) return null;
    const serviceAction = opcode === VARIABLE_LENGTH
      ? cdb.getUint16(VariableAt.SERVICE_ACTION)
      : cdb.getUint8(1) & SERVICE_ACTION;
    return group[serviceAction] ?? null;
  }

  /** The row with these codes. */
  get(opcode: number, serviceAction?: number): CommandRow | undefined {
    return serviceAction === undefined
      ? this.#plain[opcode]
      : this.#grouped[opcode]?.[serviceAction];
  }

  /** Whether an operation code has service actions. */
  hasServiceActions(opcode: number): boolean {
    return this.#grouped[opcode] !== undefined;
  }

  /** The largest service action that a CDB with this operation code holds. */
  serviceActionMax(opcode: number): number {
    return opcode === VARIABLE_LENGTH ? SERVICE_ACTION_LONG : SERVICE_ACTION;
  }

  /** All rows by operation code, then service action. */
  *rows(): Iterable<CommandRow> {
    for (let opcode = 0; opcode < 256; opcode += 1) {
      const plain = this.#plain[opcode];
      if (plain !== undefined) yield plain;
      for (const row of this.#grouped[opcode] ?? []) {
        if (row !== undefined) yield row;
      }
    }
  }

  // An operation code either has service actions or has none.
  #isTaken(opcode: number, serviceAction: number | undefined): boolean {
    if (this.#plain[opcode] !== undefined) return true;
    return serviceAction === undefined
      ? this.hasServiceActions(opcode)
      : this.get(opcode, serviceAction) !== undefined;
  }

  #remove(opcode: number, serviceAction: number | undefined): void {
    if (serviceAction === undefined) {
      this.#plain[opcode] = undefined;
      return;
    }
    const group = this.#grouped[opcode] ?? [];
    group[serviceAction] = undefined;
    const empty = group.every((row) => row === undefined);
    if (empty) this.#grouped[opcode] = undefined;
  }
}

/** Why a CDB that has no row is refused. */
export function unknownCommand(
  table: CommandTable,
  cdb: DataView,
): Completion {
  const opcode = cdb.getUint8(0);
  if (!table.hasServiceActions(opcode)) return INVALID_COMMAND_OPERATION_CODE;
  return opcode === VARIABLE_LENGTH
    ? invalidFieldInCdb(VariableAt.SERVICE_ACTION)
    : invalidFieldInCdb(1, 4);
}

/**
 * Looks for bits of a CDB that must be zero and are not, and whether a CDB of
 * variable length is as long as its service action wants it.
 *
 * @returns the sense that points at the first such byte, or null
 */
export function checkUsage(row: CommandRow, cdb: DataView): Completion | null {
  const { forbidden } = row;
  for (let word = 0; word < forbidden.length; word += 1) {
    const wrong = cdb.getUint32(4 * word) & (forbidden[word] ?? 0);
    if (wrong !== 0) return pointAt(word, wrong >>> 0);
  }
  return row.opcode === VARIABLE_LENGTH ? checkLength(row, cdb) : null;
}

function checkLength(row: CommandRow, cdb: DataView): Completion | null {
  const at = VariableAt.ADDITIONAL_CDB_LENGTH;
  return cdb.getUint8(at) === row.cdbLength - VariableAt.SERVICE_ACTION
    ? null
    : invalidFieldInCdb(at);
}

function pointAt(word: number, wrong: number): Completion {
  const leading = Math.clz32(wrong);
  return invalidFieldInCdb(4 * word + (leading >> 3), 7 - (leading & 7));
}
