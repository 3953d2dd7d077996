// Live pages: when the console says that something has changed, parts that asked for it are fetched anew.
"use strict";
const wanted = document.querySelector('[hx-trigger*="live"]');
if (wanted) {
  const source = new EventSource("/live");
  let waiting = 0;
  source.addEventListener("changed", () => {
    if (waiting || document.hidden) return;
    waiting = setTimeout(() => {
      waiting = 0;
      if (!document.body.matches("[data-paused]")) document.body.dispatchEvent(new CustomEvent("live"));
    }, 500);
  });
  addEventListener("pagehide", () => source.close());
}
