// Live pages: when the console says that something has changed, parts that asked for it are fetched anew.
"use strict";
const wanted = document.querySelector('[hx-trigger*="live"]');
if (wanted) {
  let source = null, waiting = 0, pressed = -Infinity;
  document.addEventListener("keydown", () => { pressed = performance.now(); });
  // Who goes through a page by keyboard would be thrown out of a part by its fresh copy: that waits until he rests, or has
  // left it.
  const used = () => {
    const rests = performance.now() - pressed;
    return rests < 3000 || (rests < 30000 && document.querySelector('[hx-trigger*="live"] :focus-visible'));
  };
  const tell = () => {
    waiting = 0;
    if (used()) waiting = setTimeout(tell, 1000);
    else document.body.dispatchEvent(new CustomEvent("live"));
  };
  const look = () => {
    source = new EventSource("/live");
    // Nobody is logged in here any more: what is asked for now leads to the log-in.
    source.addEventListener("ended", () => { leave(); document.body.dispatchEvent(new CustomEvent("live")); });
    source.addEventListener("changed", () => { if (!waiting) waiting = setTimeout(tell, 500); });
  };
  const leave = () => {
    if (source) source.close();
    source = null;
  };
  // A page that nobody sees holds no connection: a browser has six for all pages of a console together.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return leave();
    if (!source) look();
    tell();
  });
  addEventListener("pagehide", leave);
  addEventListener("pageshow", () => { if (!source && !document.hidden) look(); });
}
