/**
 * Reads server-sent events, as the control API sends them.
 *
 * @module
 */

import type { EventResource } from "./resources.ts";

const DATA = /^data: ?(.*)$/gm;

/** The events of a stream, until it ends. */
export async function* readEvents(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<EventResource> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of stream) {
    text += decoder.decode(piece, { stream: true });
    const messages = text.split("\n\n");
    text = messages.pop() ?? "";
    for (const message of messages) {
      const data = [...message.matchAll(DATA)].map(([, line]) => line);
      if (data.length > 0) yield JSON.parse(data.join("\n"));
    }
  }
}
