/**
 * The page that shows a source file: static, with the style and the highlighting of the API reference's pages.
 *
 * @module
 */

import { basename, extname } from "node:path";

/** The languages that the reference's highlighter knows, by a file's ending. */
const LANGUAGES: Readonly<Record<string, string>> = {
  ".css": "css",
  ".html": "html",
  ".js": "js",
  ".json": "json",
  ".jsonc": "json",
  ".mjs": "js",
  ".sh": "bash",
  ".ts": "ts",
};

/**
 * Says where a source file's page is.
 *
 * @param path The file, from the root.
 * @returns The page, from the site's root.
 */
export function sourcePageOf(path: string): string {
  // What publishes the site leaves hidden folders out. An address ends in .html once: the check of links takes the
  // ending off until there is none.
  return `source/${path.replace(/(^|\/)\./g, "$1dot_").replace(/\.html$/, "_html")}.html`;
}

/**
 * Writes the page of a source file.
 *
 * @param path The file, from the root.
 * @param text What is in it.
 * @returns HTML.
 */
export function showSource(path: string, text: string): string {
  const toSite = "../".repeat(path.split("/").length);
  const name = escapeHtml(basename(path));
  const asset = (file: string): string => `${toSite}api/${file}`;
  const styles = ["styles.css", "page.css", "reset.css", "comrak.css", "prism.css"]
    .map((file) => `<link rel="stylesheet" href="${asset(file)}">`).join("");
  const lines = text.replace(/\n$/, "").split("\n");
  const numbers = lines.map((_, index) => `<a id="L${index + 1}" href="#L${index + 1}">${index + 1}</a>`).join("\n");
  return `<!DOCTYPE html>
<html lang="en">
<head>
<title>${name} - Viaduct</title>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1.0">
<link rel="icon" href="${toSite}logo.svg" type="image/svg+xml">
${styles}
<script src="${asset("darkmode_toggle.js")}"></script>
<script src="${asset("prism.js")}" defer></script>
</head>
<body class="sourcePage">
<div class="ddoc"><div>
<nav id="topnav"><div class="h-full"><div class="flex items-center">
<a class="siteLink" href="${toSite}index.html"><img src="${toSite}logo.svg" alt="" width="24" height="24">Viaduct</a>
<span class="sourcePath">${escapeHtml(path)}</span>
</div>
<button id="theme-toggle" type="button" aria-label="Toggle dark mode">${MOON}${SUN}</button>
</div></nav>
<main>
<h1>${name}</h1>
<div class="sourceText"><pre class="lineNumbers">${numbers}</pre><pre><code class="language-${
    LANGUAGES[extname(path)] ?? "plain"
  }">${escapeHtml(text)}</code></pre></div>
</main>
</div></div>
</body>
</html>
`;
}

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="20" height="20" fill="none"
 stroke="currentColor" stroke-width="2" stroke-linecap="round"`;
const MOON = `${ICON}><path d="M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.500 10.500z"/></svg>`;
const SUN = `${ICON} class="hidden"><circle cx="12" cy="12" r="4"/>
<path d="M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.400 1.400M17.600 17.600 19 19M5 19l1.400-1.400M17.600 6.400 19 5"/></svg>`;

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
