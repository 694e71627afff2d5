// Wraps the service worker of ReplayWeb.page, which is served unchanged and loaded at the end of this script.
//
// That worker answers for every document of the player and every captured page, each in a frame of the one before.
// The document around a frame decides where it may navigate (frame-src), so every response gets our policy beside its
// own; the stricter one holds. No captured page gets a window of its own, where no document would be around it.
"use strict";
(() => {
  const policy = POLICY;
  const empty = new Set([101, 103, 204, 205, 304]);
  const contained = async (coming) => {
    const answer = await coming;
    if (!answer.status) return answer; // An error, or a response of another origin.
    const headers = new Headers(answer.headers);
    headers.append("Content-Security-Policy", policy);
    headers.set("X-DNS-Prefetch-Control", "off");
    headers.set("Referrer-Policy", "no-referrer");
    headers.delete("Link");
    headers.delete("Speculation-Rules");
    const { status, statusText } = answer;
    return new Response(empty.has(status) ? null : answer.body, { status, statusText, headers });
  };
  const refusal = () =>
    new Response("Captured pages are shown by the reading room alone.\n", {
      status: 403,
      headers: { "Content-Type": "text/plain; charset=utf-8", "Content-Security-Policy": policy },
    });
  const add = self.addEventListener.bind(self);
  self.addEventListener = (kind, listener, ...more) => {
    if (kind !== "fetch") return add(kind, listener, ...more);
    const guarded = (event) => {
      const { mode, destination } = event.request;
      const respond = event.respondWith.bind(event);
      if (mode === "navigate" && destination === "document") return respond(refusal());
      event.respondWith = (answer) => respond(contained(answer));
      return listener.call(self, event);
    };
    return add(kind, guarded, ...more);
  };
})();
importScripts("replayweb.js");
