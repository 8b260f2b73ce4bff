/**
 * Installs the servers and clients that others wrote into an ignored folder, from npm.
 *
 * @module
 */

/** Where the peers are installed. */
export const PEERS_FOLDER = new URL("./.peers/", import.meta.url);

/** What each peer needs, by the peer's name. */
const PACKAGES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ws: { ws: "^8", bufferutil: "^4" },
  bun: { bun: "^1" },
  "autobahn-js": { autobahn: "^26", ws: "^8", bufferutil: "^4" },
};

/** Installs what the peers need and is not there yet. */
export async function installPeers(names: readonly string[]): Promise<void> {
  const wanted = Object.entries(PACKAGES).filter(([name]) => names.includes(name));
  const dependencies = Object.assign({}, ...wanted.map(([, packages]) => packages));
  const missing = Object.keys(dependencies).filter((name) => installedVersion(name) === undefined);
  if (missing.length === 0) return;
  console.error(`Installing ${missing.join(", ")} from npm ...`);
  await Deno.mkdir(PEERS_FOLDER, { recursive: true });
  const manifest = new URL("package.json", PEERS_FOLDER);
  // A new manifest would have npm remove what is there already.
  if (!isFile(manifest)) await Deno.writeTextFile(manifest, '{ "private": true, "type": "module" }\n');
  // Install scripts are not needed: bufferutil brings its binaries, and Bun's executable is a package of its own.
  const specifiers = missing.map((name) => `${name}@${dependencies[name]}`);
  const { success } = await new Deno.Command("npm", {
    args: ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", ...specifiers],
    cwd: PEERS_FOLDER,
    stdout: "null",
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`Cannot install ${missing.join(", ")} from npm; choose other servers with --servers`);
}

/** The installed version of a package, or undefined. */
export function installedVersion(name: string): string | undefined {
  try {
    return JSON.parse(Deno.readTextFileSync(new URL(`node_modules/${name}/package.json`, PEERS_FOLDER))).version;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** The path of Bun's executable: it lies in the package for this system and processor. */
export function bunExecutable(): string {
  const scope = new URL("node_modules/@oven/", PEERS_FOLDER);
  for (const entry of Deno.readDirSync(scope)) {
    const path = new URL(`${entry.name}/bin/bun`, scope);
    if (isFile(path)) return decodeURIComponent(path.pathname);
  }
  throw new Error("Cannot find Bun's executable: npm installed no package of @oven for this system");
}

function isFile(path: URL): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
