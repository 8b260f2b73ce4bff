/**
 * What a program says of a payload that is passed through (WAMP, Payload Passthru Mode).
 *
 * @module
 */

/**
 * How a payload is passed through. The router hands it on as it is; who gets it must know the scheme.
 *
 * @public
 */
export interface Passthru {
  /**
   * What kind of payload it is, `ppt_scheme`: `wamp` for end-to-end encryption, `mqtt` for what comes of there, names that
   * begin with `x_` for one's own.
   */
  readonly scheme: string;
  /**
   * How the arguments are serialized, `ppt_serializer`: `cbor`, `msgpack`, `json`; `native` or nothing: they go as they are,
   * one binary argument by itself.
   *
   * @default {"cbor" with a cipher and in the scheme `wamp`, else nothing}
   */
  readonly serializer?: string;
  /** How they are encrypted, `ppt_cipher`; a codec of the session must know it. @default {not} */
  readonly cipher?: string;
  /** With which key, `ppt_keyid`. @default {none is named} */
  readonly keyid?: string;
}
