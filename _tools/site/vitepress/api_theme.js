// Takes the place of deno doc's own switch: dark and light go by the same setting as in the rest of the site.
const KEY = "vitepress-theme-appearance";

function isDark() {
  const stored = localStorage.getItem(KEY);
  if (stored === "dark" || stored === "light") return stored === "dark";
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

function show() {
  const dark = isDark();
  document.documentElement.classList.toggle("dark", dark);
  document.documentElement.classList.toggle("light", !dark);
  const [moon, sun] = document.getElementById("theme-toggle")?.children ?? [];
  moon?.classList.toggle("hidden", dark);
  sun?.classList.toggle("hidden", !dark);
}

// At once, so that the page does not flash.
show();
addEventListener("DOMContentLoaded", () => {
  const button = document.getElementById("theme-toggle");
  button?.removeAttribute("style");
  button?.addEventListener("click", () => {
    localStorage.setItem(KEY, isDark() ? "light" : "dark");
    show();
  });
  show();
});
