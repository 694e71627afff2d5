// Airflow's UI shows the console in a frame of the same origin.
(() => {
  // Airflow's theme: next-themes stores it under "theme". Without one, or with "system", the browser's preference holds.
  const applyTheme = () => {
    let theme = null;
    try { theme = localStorage.getItem("theme"); } catch { /* No access to storage: the browser's preference holds. */ }
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
  };
  applyTheme();
  addEventListener("storage", applyTheme);

  // The sandboxed frame may neither open windows nor navigate the page around it, so its outgoing links do nothing.
  // A copy of the link on the page around it works.
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
