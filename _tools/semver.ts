/**
 * Versions as Semantic Versioning 2.0.0 has them, and what a change of the API asks of the next one.
 *
 * @module
 */

/** A version. @internal */
export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** What stands behind the hyphen, such as `["rc", 1]`; empty for a release. */
  readonly prerelease: readonly (string | number)[];
  /** What stands behind the plus sign; no matter for precedence. */
  readonly build: readonly string[];
}

/**
 * What changes for those who use something: `major` breaks them, `minor` adds for them, `patch` does neither.
 *
 * @internal
 */
export type Step = "major" | "minor" | "patch";

/** Semantic Versioning 2.0.0, "Is there a suggested regular expression?" */
const VERSION =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?$/;

/**
 * Reads a version.
 *
 * @param text Such as `1.2.3` or `1.2.3-rc.1+build`; without a `v` in front.
 * @returns The version.
 * @throws {SyntaxError} Where it is none.
 *
 * @internal
 */
export function parseVersion(text: string): Version {
  const match = VERSION.exec(text);
  const numbers = match?.slice(1, 4).map(Number) ?? [];
  const [major, minor, patch] = numbers;
  if (major === undefined || minor === undefined || patch === undefined || !numbers.every(Number.isSafeInteger)) {
    throw new SyntaxError(`Version must be MAJOR.MINOR.PATCH, such as 1.2.3, received ${JSON.stringify(text)}`);
  }
  const prerelease = match?.[4]?.split(".").map((part) => /^\d+$/.test(part) ? Number(part) : part) ?? [];
  return { major, minor, patch, prerelease, build: match?.[5]?.split(".") ?? [] };
}

/**
 * Writes a version.
 *
 * @param version The version.
 * @returns Its text, which {@linkcode parseVersion} reads.
 *
 * @internal
 */
export function formatVersion({ major, minor, patch, prerelease, build }: Version): string {
  const tail = prerelease.length === 0 ? "" : `-${prerelease.join(".")}`;
  return `${major}.${minor}.${patch}${tail}${build.length === 0 ? "" : `+${build.join(".")}`}`;
}

/**
 * Tells which of two versions has precedence (Semantic Versioning, 11).
 *
 * @param a The one.
 * @param b The other.
 * @returns Negative where `a` is below `b`, positive where it is above, 0 where they are the same but for the build.
 *
 * @internal
 */
export function compareVersions(a: Version, b: Version): number {
  const core = a.major - b.major || a.minor - b.minor || a.patch - b.patch;
  if (core !== 0) return Math.sign(core);
  // A release is above its own prereleases.
  if (a.prerelease.length === 0 || b.prerelease.length === 0) {
    return Math.sign(b.prerelease.length) - Math.sign(a.prerelease.length);
  }
  for (const [index, part] of a.prerelease.entries()) {
    const other = b.prerelease[index];
    if (other === undefined) return 1;
    const order = compareParts(part, other);
    if (order !== 0) return order;
  }
  return Math.sign(a.prerelease.length - b.prerelease.length);
}

/** Numbers are below words; words go by their code units. */
function compareParts(a: string | number, b: string | number): number {
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return a === b ? 0 : a < b ? -1 : 1;
}

/**
 * Tells which number of a version went up. What it has to be is said by {@linkcode requiredVersion}, which knows that
 * below 1.0.0 a breaking change takes a minor step.
 *
 * @param from The version before.
 * @param to The version after.
 * @returns The step; `undefined` where `to` is not above `from`. What differs in its prerelease alone is a `patch`.
 *
 * @internal
 */
export function stepBetween(from: Version, to: Version): Step | undefined {
  if (compareVersions(from, to) >= 0) return undefined;
  if (to.major !== from.major) return "major";
  return to.minor === from.minor ? "patch" : "minor";
}

/**
 * Gives the lowest version that may follow after a change. Below 1.0.0 a breaking change takes a minor step and an
 * addition a patch. A prerelease is followed by its release where that is step enough: 2.0.0-rc.1 by 2.0.0.
 *
 * @param released The version before.
 * @param step What has changed.
 * @returns The lowest version after, without a prerelease.
 *
 * @internal
 */
export function requiredVersion(released: Version, step: Step): Version {
  const { major, minor, patch } = released;
  const isPrerelease = released.prerelease.length > 0;
  const by = major > 0 ? step : step === "major" ? "minor" : "patch";
  const core = { prerelease: [], build: [] };
  if (by === "major") {
    return { major: major + (isPrerelease && minor === 0 && patch === 0 ? 0 : 1), minor: 0, patch: 0, ...core };
  }
  if (by === "minor") return { major, minor: minor + (isPrerelease && patch === 0 ? 0 : 1), patch: 0, ...core };
  return { major, minor, patch: patch + (isPrerelease ? 0 : 1), ...core };
}
