// What was sent and perhaps not saved: the session had ended, or somebody else had changed the draft meanwhile. The tab keeps
// it until it stands there, or is not wanted any more.

export function keepUnsaved(form, place, now, put) {
  const key = `unsaved ${form.dataset.ask} ${form.elements.namedItem("file").value}`;
  const forget = () => { sessionStorage.removeItem(key); place.hidden = true; };
  const kept = sessionStorage.getItem(key);
  if (kept === null || kept === now()) forget();
  else {
    place.hidden = false;
    place.querySelector("[value=put]").addEventListener("click", () => { put(kept); forget(); });
    place.querySelector("[value=forget]").addEventListener("click", forget);
  }
  form.addEventListener("submit", () => sessionStorage.setItem(key, now()));
}
