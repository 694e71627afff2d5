// The console is shown in a frame of Airflow's UI, of the same origin.
(() => {
  // Airflow's theme (next-themes keeps it under "theme"); without one, or with "system", the style sheet asks the browser.
  const dress = () => {
    let theme = null;
    try { theme = localStorage.getItem("theme"); } catch { /* Storage is closed: the browser decides. */ }
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
  };
  dress();
  addEventListener("storage", dress);

  // The frame is sandboxed without popups and without navigation of the page around it, so a link that leaves it does
  // nothing. The same link on the page around it works.
  addEventListener("click", (event) => {
    const link = event.target.closest?.("a.leaving");
    if (!link || parent === window) return;
    event.preventDefault();
    const outside = parent.document.createElement("a");
    outside.href = link.href;
    outside.rel = "noopener noreferrer";
    if (link.target === "_blank" || event.ctrlKey || event.metaKey) outside.target = "_blank";
    parent.document.body.append(outside);
    outside.click();
    outside.remove();
  });
})();
