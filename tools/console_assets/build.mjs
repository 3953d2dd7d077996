// Writes what the console serves into the folder that is named: node build.mjs FOLDER
import { copyFileSync, readFileSync, readdirSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const folder = process.argv[2] ?? "../../sipedge/console/static";

await build({
  entryPoints: ["editor.mjs"],
  outfile: join(folder, "codemirror.js"),
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2020",
  legalComments: "none",
});
copyFileSync("node_modules/htmx.org/dist/htmx.min.js", join(folder, "htmx.js"));

const packages = ["htmx.org", ...scoped("@codemirror"), ...scoped("@lezer"), ...scoped("@marijn"), "crelt", "style-mod", "w3c-keyname"];
const texts = packages.filter((name) => existsSync(`node_modules/${name}`)).map(licence);
writeFileSync(join(folder, "LICENCES.txt"), texts.join("\n"));

function scoped(scope) {
  const place = `node_modules/${scope}`;
  return existsSync(place) ? readdirSync(place).sort().map((name) => `${scope}/${name}`) : [];
}

function licence(name) {
  const place = `node_modules/${name}`;
  const file = readdirSync(place).find((each) => /^licen[cs]e/i.test(each));
  const { version, license } = JSON.parse(readFileSync(join(place, "package.json"), "utf8"));
  return `${name} ${version} (${license})\n\n${file ? readFileSync(join(place, file), "utf8") : ""}`;
}
