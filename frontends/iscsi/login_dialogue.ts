/**
 * What is said during a login, once its texts are whole: who it is, the
 * security stage, the operational stage (RFC 7143 6.3).
 *
 * @module
 */

import type { Entropy } from "../../core/mod.ts";
import type { ChapHashes, ChapProof } from "./chap.ts";
import type { LoginGuard } from "./login_guard.ts";
import {
  identify,
  introduction,
  type LoginIdentity,
  type LoginPlace,
} from "./login_identity.ts";
import {
  authenticationFailure,
  initiatorError,
  LoginRefusal,
  redirection,
} from "./login_refusal.ts";
import {
  type Keys,
  type LoginAnswer,
  SecurityStage,
} from "./login_security.ts";
import { KeyRegister, Negotiation } from "./negotiation.ts";
import {
  INITIAL_PARAMETERS,
  LIMITS,
  type SessionParameters,
} from "./parameters.ts";
import { LOGIN_STAGE, LOGIN_STATUS, type LoginRequest } from "./wire/login.ts";
import type { TextPair } from "./wire/text_keys.ts";
import { isLabel } from "./wire/text_values.ts";

/** What a login works with. */
export interface DialogueParts extends LoginPlace {
  /** Randomness for challenges. */
  readonly entropy: Entropy;
  /** Hash functions for CHAP. */
  readonly hashes: ChapHashes;
  /** Knows who has to wait. */
  readonly guard: LoginGuard;
}

/** What the first request brings into being. */
interface Progress {
  readonly identity: LoginIdentity;
  readonly security: SecurityStage;
  readonly negotiation: Negotiation;
}

/** The dialogue of one login. */
export class LoginDialogue {
  readonly #parts: DialogueParts;
  readonly #register = new KeyRegister();
  #progress: Progress | undefined;
  #initiatorName: string | undefined;
  #initiatorAlias: string | undefined;
  #mayLeave = false;

  /** Waits for the first request. */
  constructor(parts: DialogueParts) {
    this.#parts = parts;
  }

  /** Name that the initiator gave, admitted or not. */
  get initiatorName(): string | undefined {
    const name = this.#initiatorName;
    return isLabel(name ?? "", LIMITS.nameBytes) ? name : undefined;
  }

  /** Alias of the initiator. */
  get initiatorAlias(): string | undefined {
    return this.#initiatorAlias;
  }

  /** What the initiator has proved by CHAP. */
  get proof(): ChapProof | undefined {
    return this.#progress?.security.proof;
  }

  /** Values in force so far. */
  get parameters(): SessionParameters {
    return this.#progress?.negotiation.parameters ?? INITIAL_PARAMETERS;
  }

  /** Whether we agree to leave the stage, after the last answer. */
  get mayLeave(): boolean {
    return this.#mayLeave;
  }

  /** Answers a whole text. */
  answer(request: LoginRequest, pairs: readonly TextPair[]): LoginAnswer {
    const isFirst = this.#progress === undefined;
    const wrong = this.#register.admit(pairs, request.currentStage, isFirst);
    if (wrong !== undefined) return wrong;
    const keys = new Map(pairs);
    this.#initiatorName ??= keys.get("InitiatorName");
    const progress = this.#progress ?? this.#begin(request, keys);
    if (progress instanceof LoginRefusal) return progress;
    this.#progress = progress;
    const alias = keys.get("InitiatorAlias");
    if (!isLabel(alias ?? "", LIMITS.valueBytes)) {
      return initiatorError("wrong InitiatorAlias");
    }
    this.#initiatorAlias ??= alias;
    const answers = request.currentStage === LOGIN_STAGE.SECURITY
      ? this.#answerSecurity(request, progress, pairs, keys)
      : this.#answerOperational(progress, pairs);
    if (answers instanceof LoginRefusal || !isFirst) return answers;
    return [...introduction(progress.identity), ...answers];
  }

  #begin(
    request: LoginRequest,
    keys: Keys,
  ): Progress | LoginRefusal {
    const identity = identify(request, keys, this.#parts);
    if (identity instanceof LoginRefusal) return identity;
    const { hashes, entropy } = this.#parts;
    const group = identity.authGroup;
    return {
      identity,
      security: new SecurityStage({ group, hashes, entropy }),
      negotiation: new Negotiation(
        identity.sessionType === "Discovery",
        identity.joined?.parameters,
      ),
    };
  }

  #answerSecurity(
    { transit, nextStage }: LoginRequest,
    { security, negotiation }: Progress,
    pairs: readonly TextPair[],
    keys: Keys,
  ): LoginAnswer {
    const proof = this.#judgeSecurity(security, keys);
    if (proof instanceof LoginRefusal) return proof;
    const answers = negotiation.answer(pairs);
    if (answers instanceof LoginRefusal) return answers;
    this.#mayLeave = security.isDone;
    // Without an operational stage this is the last chance to say so.
    const isLast = security.isDone && transit &&
      nextStage === LOGIN_STAGE.FULL_FEATURE;
    const declared = isLast ? negotiation.declare() : [];
    return [...proof, ...answers, ...declared];
  }

  /** Who has to wait gets no challenge, and no answer is looked at. */
  #judgeSecurity(security: SecurityStage, keys: Keys): LoginAnswer {
    const { guard, peerAddress } = this.#parts;
    const proves = keys.has("CHAP_R");
    if ((proves || keys.has("CHAP_A")) && guard.isLocked(peerAddress)) {
      return TOO_MANY_FAILURES;
    }
    const answer = security.answer(keys);
    const failed = answer instanceof LoginRefusal &&
      answer.status === LOGIN_STATUS.AUTHENTICATION_FAILURE;
    if (proves && failed) guard.failed(peerAddress);
    return answer;
  }

  #answerOperational(
    progress: Progress,
    pairs: readonly TextPair[],
  ): LoginAnswer {
    const denied = this.#judgeProof(progress) ?? elsewhere(progress);
    if (denied !== undefined) return denied;
    const { negotiation } = progress;
    const answers = negotiation.answer(pairs);
    if (answers instanceof LoginRefusal) return answers;
    const proposed = negotiation.propose();
    this.#mayLeave = proposed.length === 0;
    return [...answers, ...proposed, ...negotiation.declare()];
  }

  /** Whoever skips the security stage has to be allowed to. */
  #judgeProof({ security }: Progress): LoginRefusal | undefined {
    return security.isDone || security.isOptional
      ? undefined
      : authenticationFailure("the initiator skips authentication");
  }

  /** Enters the full feature phase, if nothing is in the way. */
  enter(): LoginIdentity | LoginRefusal {
    const progress = this.#progress;
    if (progress === undefined) return initiatorError("nobody logged in");
    return elsewhere(progress) ?? progress.negotiation.check() ??
      progress.identity;
  }
}

const TOO_MANY_FAILURES = new LoginRefusal(
  LOGIN_STATUS.SERVICE_UNAVAILABLE,
  "too many wrong proofs came from this address: it has to wait",
);

/** A target may send initiators on, once they proved themselves. */
function elsewhere({ identity }: Progress): LoginRefusal | undefined {
  return redirection(identity.target ?? {});
}
