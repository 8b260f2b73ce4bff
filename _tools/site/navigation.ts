/**
 * The one table of what the site's navigation shows.
 *
 * @module
 */

/** An entry of the navigation. */
export interface NavigationEntry {
  /** What it is called there. */
  readonly text: string;
  /** The Markdown file, from the root. */
  readonly file: string;
}

/** A group of entries. */
export interface NavigationSection {
  /** Its heading. */
  readonly text: string;
  /** The entries in the order in which one reads them. */
  readonly entries: readonly NavigationEntry[];
}

/** The page that the build makes of the entry points and their symbols; no file has it. */
export const API_PAGE = "docs/api.md";

/** The home page, which the title leads to. */
export const HOME_PAGE = "docs/index.md";

/** What the site shows, in order. A page that is absent fails the check, and so does one that no section has. */
export const NAVIGATION: readonly NavigationSection[] = [
  {
    text: "Getting started",
    entries: [
      { text: "WebSocket", file: "docs/getting_started/websocket.md" },
      { text: "WAMP", file: "docs/getting_started/wamp.md" },
      { text: "A router of your own", file: "docs/getting_started/router.md" },
      { text: "A component", file: "docs/getting_started/component.md" },
      { text: "Runtimes", file: "docs/runtimes.md" },
      { text: "Examples", file: "docs/examples.md" },
    ],
  },
  {
    text: "Guides",
    entries: [
      { text: "WebSocket", file: "docs/websocket.md" },
      { text: "Components", file: "docs/guides/components.md" },
      { text: "Reconnection", file: "docs/guides/reconnection.md" },
      { text: "Authentication", file: "docs/guides/authentication.md" },
      { text: "Contracts", file: "docs/guides/contracts.md" },
      { text: "Patterns and sharing", file: "docs/guides/patterns.md" },
      { text: "Progressive calls", file: "docs/guides/progressive_calls.md" },
      { text: "Cancellation and timeouts", file: "docs/guides/cancellation.md" },
      { text: "Catching up on events", file: "docs/guides/catching_up.md" },
      { text: "End-to-end encryption", file: "docs/guides/encryption.md" },
      { text: "Testing a program", file: "docs/guides/testing.md" },
      { text: "Security", file: "docs/guides/security.md" },
      { text: "Limits", file: "docs/guides/limits.md" },
    ],
  },
  {
    text: "Router",
    entries: [
      { text: "Running a router", file: "docs/guides/router.md" },
      { text: "Configuration", file: "docs/configuration.md" },
      { text: "Operations", file: "docs/operations.md" },
      { text: "Features", file: "docs/features.md" },
    ],
  },
  {
    text: "Migrating",
    entries: [
      { text: "From AutobahnJS", file: "docs/migrating/autobahn_js.md" },
      { text: "From Autobahn|Python", file: "docs/migrating/autobahn_python.md" },
      { text: "From Wampy", file: "docs/migrating/wampy.md" },
      { text: "From ws", file: "docs/migrating/ws.md" },
    ],
  },
  {
    text: "Reference",
    entries: [
      { text: "API", file: API_PAGE },
      { text: "Command line", file: "docs/command_line.md" },
      { text: "Performance", file: "docs/performance.md" },
      { text: "Comparison", file: "docs/comparison.md" },
      { text: "Conformance", file: "docs/conformance.md" },
    ],
  },
  {
    text: "Project",
    entries: [
      { text: "Changelog", file: "CHANGELOG.md" },
      { text: "Contributing", file: "CONTRIBUTING.md" },
      { text: "Security policy", file: "SECURITY.md" },
      { text: "Releasing", file: "docs/releasing.md" },
      { text: "Benchmarks", file: "bench/README.md" },
    ],
  },
];

/**
 * Compares the navigation with the pages that there are.
 *
 * @param pages The Markdown files of the site, from the root.
 * @param sections The navigation.
 * @returns What is wrong, a line each.
 */
export function checkNavigation(
  pages: readonly string[],
  sections: readonly NavigationSection[] = NAVIGATION,
): string[] {
  const listed = sections.flatMap(({ entries }) => entries.map(({ file }) => file));
  const twice = listed.filter((file, index) => listed.indexOf(file) !== index);
  return [
    ...twice.map((file) => `${file} is in the navigation twice`),
    ...listed.filter((file) => !pages.includes(file)).map((file) => `${file} is in the navigation but absent`),
    ...pages.filter((file) => file !== HOME_PAGE && !listed.includes(file))
      .map((file) => `${file} is not in the navigation`),
  ];
}
