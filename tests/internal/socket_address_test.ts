import { formatAddress } from "../../internal/socket_address.ts";
import { assertEquals } from "../std.ts";

Deno.test("formatAddress writes host and port, brackets around IPv6, a path, or nothing where neither is known", () => {
  const cases = [
    [{ hostname: "127.0.0.1", port: 8080 }, "127.0.0.1:8080"],
    [{ hostname: "::1", port: 0 }, "[::1]:0"],
    [{ path: "/run/wamp" }, "/run/wamp"],
    [{ hostname: "127.0.0.1" }, ""],
    [{ path: null }, ""],
    [{}, ""],
    [undefined, ""],
  ] as const;
  for (const [address, text] of cases) assertEquals(formatAddress(address), text);
});
