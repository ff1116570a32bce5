/**
 * The event stream of the control API: server-sent events, one JSON object
 * each.
 *
 * @module
 */

import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { EventHub, EventRecord, EventSubscription } from "../../mod.ts";
import { refused } from "./respond.ts";
import { EVENT } from "./schemas.ts";

const EVENT_STREAM = "text/event-stream";

/** What a listener is sent first: it knows then that it listens. */
const GREETING = ": listening\n\n";

/** Adds it. */
export function addEventRoutes(api: OpenAPIHono, events: EventHub): void {
  api.openapi(
    createRoute({
      method: "get",
      path: "/v1/events",
      summary: "What happens from now on, as server-sent events",
      description: "Each event has its type as `event`, its number as `id` " +
        "and all of it as JSON in `data`. Who reads too slowly gets an " +
        "event `missed` in place of the oldest ones.",
      responses: {
        200: {
          description: "Events, until the daemon ends",
          content: { [EVENT_STREAM]: { schema: EVENT } },
        },
        400: refused,
      },
    }),
    () =>
      new Response(streamOf(events.subscribe()), {
        headers: { "content-type": EVENT_STREAM, "cache-control": "no-store" },
      }),
  );
}

// One event is taken when the one before is on its way: who reads slowly has
// its events wait in the bounded queue of the subscription, not here.
function streamOf(subscription: EventSubscription): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    start: (controller) => controller.enqueue(encoder.encode(GREETING)),
    pull: async (controller) => {
      const event = await subscription.next();
      if (event === null) controller.close();
      else controller.enqueue(encoder.encode(messageOf(event)));
    },
    cancel: () => subscription[Symbol.dispose](),
  });
}

function messageOf(event: EventRecord): string {
  return `event: ${event.type}\nid: ${event.id}\n` +
    `data: ${JSON.stringify(event)}\n\n`;
}
