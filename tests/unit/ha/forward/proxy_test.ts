import { assertEquals } from "@std/assert";
import { patternBytes } from "../../../support/bytes.ts";
import { settle, settled } from "../../../support/core_target.ts";
import {
  type HaPair,
  type PairMode,
  pairTest,
} from "../../../support/ha_pair.ts";
import { FUNCTION, GOOD, SILENT } from "../../../support/local_initiator.ts";
import { blockCdb } from "../../../support/ha_commands.ts";

const BLOCK = 512;
