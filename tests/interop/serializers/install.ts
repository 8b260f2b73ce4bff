/**
 * Installs Autobahn|Python with the libraries that its serializers stand on.
 *
 * @module
 */

import { join } from "node:path";
import { ignoredFolder, readTextIfPresent } from "../../support/folders.ts";
import { runCommand } from "../../support/processes.ts";

/** Autobahn, what it takes for MessagePack and CBOR, and what it stood on for UBJSON. */
const PACKAGES = ["autobahn==26.10.2", "msgpack==1.2.4", "cbor2==6.2.1", "py-ubjson==0.16.1"];

/** The oldest Python that these run on here. */
const PYTHON = "import sys; assert sys.version_info >= (3, 11)";

/** Installs them into a virtual environment once; gives its Python. */
export async function installAutobahnSerializers(): Promise<string> {
  const folder = await ignoredFolder(".cache", "interop", "wamp_serializers");
  const python = join(folder, "bin", "python");
  const stamp = PACKAGES.join("\n");
  if (await readTextIfPresent(join(folder, "stamp")) === stamp) return python;
  await runCommand(["python3", "-c", PYTHON]);
  await runCommand(["python3", "-m", "venv", "--clear", folder]);
  await runCommand([python, "-m", "pip", "install", "--quiet", ...PACKAGES]);
  await Deno.writeTextFile(join(folder, "stamp"), stamp);
  return python;
}
