/**
 * How runtimes say that they do not trust a certificate.
 *
 * @module
 */

/** The codes by which node:tls says it. */
const CERTIFICATE_CODES =
  /^(?:ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA)/;

/**
 * Whether an error of a runtime says that a certificate is not trusted.
 *
 * @param cause What was thrown.
 * @returns Whether it does; its own cause is not looked at.
 *
 * @internal
 */
export function isCertificateFailure(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false;
  // Deno reports what rustls refuses as InvalidData.
  if (cause.name === "InvalidData") return true;
  return "code" in cause && CERTIFICATE_CODES.test(String(cause.code));
}
