// Before anything is drawn: that there is a script, and the colours that were chosen.
{
  const root = document.documentElement;
  root.classList.add("has-script");
  try {
    const chosen = localStorage.getItem("redino-theme");
    if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  } catch {
    // Where nothing may be stored, the system's colours hold.
  }
}
