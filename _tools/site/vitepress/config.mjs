// The site's settings; what depends on the project is written beside it when the pages are gathered.
import { readFileSync } from "node:fs";

const site = JSON.parse(readFileSync(new URL("site.json", import.meta.url), "utf8"));

/** The fragment that GitHub gives a heading, so that links into pages fit there and here. */
function slugify(heading) {
  return heading.trim().toLowerCase().replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, "").replaceAll(" ", "-");
}

/** Links to what is no page of VitePress's have the browser load it; VitePress leaves those with a target alone. */
function linkStaticPages(markdown) {
  const render = markdown.renderer.rules.link_open;
  markdown.renderer.rules.link_open = (tokens, index, ...rest) => {
    const token = tokens[index];
    const address = token.attrGet("href") ?? "";
    if (/^\/(?:api|conformance)\/|^\/source\/.*\.html/.test(address)) {
      token.attrSet("href", site.base + address.slice(1));
      token.attrSet("target", "_self");
    }
    return render(tokens, index, ...rest);
  };
}

export default {
  lang: "en",
  title: "Viaduct",
  description: site.description,
  base: site.base,
  outDir: site.outDir,
  cacheDir: site.cacheDir,
  // Page by page: the index of the search follows the order in which pages are done, and with it the names of files.
  buildConcurrency: 1,
  cleanUrls: false,
  lastUpdated: false,
  head: [
    ["link", { rel: "icon", href: `${site.base}logo.svg`, type: "image/svg+xml" }],
    ["meta", { name: "theme-color", content: "#0f766e" }],
  ],
  markdown: {
    anchor: { slugify },
    config: linkStaticPages,
    theme: { light: "github-light", dark: "github-dark" },
  },
  vite: {
    logLevel: "warn",
    build: { chunkSizeWarningLimit: 4096 },
  },
  themeConfig: {
    logo: { src: "/logo.svg", alt: "" },
    nav: site.nav,
    sidebar: site.sidebar,
    outline: { level: [2, 3], label: "On this page" },
    search: { provider: "local", options: { detailedView: "auto" } },
    docFooter: { prev: "Before", next: "Next" },
    externalLinkIcon: true,
    footer: { message: `Viaduct ${site.version}, MIT licensed.` },
  },
};
