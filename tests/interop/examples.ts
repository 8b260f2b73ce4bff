/**
 * The cells of examples that take part with software of others.
 *
 * @module
 */

import { join } from "node:path";
import { readPermissions } from "../examples/example.ts";
import { ROOT } from "../support/folders.ts";
import type { ProcessGroup } from "../support/processes.ts";
import type { CheckResult } from "./cells.ts";
import { DASHBOARD_CHECKS, runDashboard } from "./dashboard_page.ts";
import { installChromium } from "./install.ts";
import { installNginx } from "./nginx.ts";
import { MICROSERVICES_CHECKS, runMicroservices } from "./microservices.ts";
import { runTicketPage, TICKET_PAGE_CHECKS } from "./ticket_page.ts";
import { runTlsProxy, TLS_PROXY_CHECKS } from "./tls_proxy.ts";

/** An example with software of others. */
export interface ExampleCell {
  /** The folder below examples/. */
  readonly example: string;
  /** With what. */
  readonly peer: string;
  /** The checks that it must pass, by name. */
  readonly checks: readonly string[];
  run(processes: ProcessGroup): Promise<readonly CheckResult[]>;
}

/** The command of an example as its header says. */
async function commandOf(path: string): Promise<string[]> {
  const file = join(ROOT, "examples", path);
  const scoped = (await readPermissions(file)).map((permission) => permission.replace(/(?<=^--allow-read=|,)/g, ROOT));
  return [Deno.execPath(), "run", "--no-prompt", ...scoped, file];
}

/** Every cell. */
export const EXAMPLE_CELLS: readonly ExampleCell[] = [
  {
    example: "microservices",
    peer: "autobahn-python",
    checks: MICROSERVICES_CHECKS,
    run: async (processes) => await runMicroservices(await commandOf("microservices/main.ts"), processes),
  },
  {
    example: "browser_ticket",
    peer: "chromium",
    checks: TICKET_PAGE_CHECKS,
    run: async (processes) =>
      await runTicketPage(await installChromium(), await commandOf("browser_ticket/main.ts"), processes),
  },
  {
    example: "dashboard",
    peer: "chromium",
    checks: DASHBOARD_CHECKS,
    run: async (processes) =>
      await runDashboard(await installChromium(), await commandOf("dashboard/main.ts"), processes),
  },
  {
    example: "tls_proxy",
    peer: "nginx",
    checks: TLS_PROXY_CHECKS,
    run: async (processes) =>
      await runTlsProxy(await installNginx(), await commandOf("tls_proxy/router.ts"), processes),
  },
];
