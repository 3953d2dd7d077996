// An OpenID provider on loopback, over TLS: oidc-provider with PKCE demanded and pushed requests switched off.
//
// node provider.mjs CERTIFICATE KEY USERS REDIRECT: USERS is JSON (subject -> claims), REDIRECT the one redirect URI.
// It prints its port. A line on standard input, JSON, makes it go wrong or right again, and is answered by a line:
// {"clock": 90} seconds that its clock is ahead; {"keys": "new"} signs by a new key and shows that one alone,
// {"keys": "hidden"} shows only a new one and goes on with the old; {"claims": {...}} replaces claims of ID tokens.
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { createInterface } from "node:readline";
import { importJWK, decodeJwt, decodeProtectedHeader, SignJWT } from "jose";
import Provider from "oidc-provider";

console.info = console.warn = () => {}; // its advice to people: standard output is for answers
const [certificate, key, users, redirect] = process.argv.slice(2);
const known = JSON.parse(users);
const now = Date.now.bind(Date);
let ahead = 0, claims = {}, signing, shown;
Date.now = () => now() + ahead * 1000;

function made(issuer, number) {
  const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const jwk = { ...pair.privateKey.export({ format: "jwk" }), kid: `key ${number}`, use: "sig", alg: "RS256" };
  const provider = new Provider(issuer, {
    jwks: { keys: [jwk] },
    clients: [
      { client_id: "sipedge", client_secret: "a secret", redirect_uris: [redirect] },
      { client_id: "another", client_secret: "another secret", redirect_uris: [redirect] },
    ],
    pkce: { required: () => true, methods: ["S256"] },
    features: { pushedAuthorizationRequests: { enabled: false } },
    claims: { openid: ["sub"], profile: ["preferred_username", "groups"], email: ["email"] },
    findAccount: (context, id) => known[id] && { accountId: id, claims: async () => ({ sub: id, ...known[id] }) },
    cookies: { keys: ["tests"] },
  });
  provider.use(async (context, next) => {
    await next();
    if (context.path === "/token" && context.body?.id_token && Object.keys(claims).length) {
      const { kid, alg } = decodeProtectedHeader(context.body.id_token);
      const told = { ...decodeJwt(context.body.id_token), ...claims };
      context.body.id_token = await new SignJWT(told).setProtectedHeader({ kid, alg }).sign(await importJWK(jwk, alg));
    }
  });
  return provider;
}

const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) });
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address();
  const issuer = `https://localhost:${port}`;
  let number = 1;
  signing = shown = made(issuer, number);
  server.on("request", (request, response) =>
    (request.url === "/jwks" ? shown : signing).callback()(request, response));
  createInterface({ input: process.stdin }).on("line", (line) => {
    const asked = JSON.parse(line);
    ahead = asked.clock ?? ahead;
    claims = asked.claims ?? claims;
    if (asked.keys) shown = made(issuer, ++number);
    if (asked.keys === "new") signing = shown;
    console.log("done");
  }).on("close", () => process.exit());
  console.log(port);
});
