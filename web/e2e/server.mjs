// Serves a folder the way a careful host would: strict Content-Security-Policy, the right type for
// WebAssembly, and open to sandboxed frames. Both `cargo xtask serve` and the tests use it, so what
// a person sees is what is tested.
//
// By hand: node web/e2e/server.mjs dist --port 8080 [--base /docs/lab/]
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

/** What the page needs, and nothing else. */
export const STRICT_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "frame-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".toml": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
};

/** The file that `pathname` asks for below `base`, or a redirection, or null. */
async function find(root, base, pathname) {
  if (`${pathname}/` === base) {
    return { redirect: base };
  }
  if (!pathname.startsWith(base)) {
    return null;
  }
  let file = join(root, normalize(`/${decodeURIComponent(pathname.slice(base.length))}`));
  let found = await stat(file).catch(() => null);
  if (found?.isDirectory()) {
    if (!pathname.endsWith("/")) {
      return { redirect: `${pathname}/` };
    }
    file = join(file, "index.html");
    found = await stat(file).catch(() => null);
  }
  return found?.isFile() ? { file, size: found.size } : null;
}

/**
 * Serves `root` under the path `base`, on a free port unless one is given.
 * Answers the address of the page and a function that ends the server.
 */
export async function serve({ root, base = "/", port = 0, policy = STRICT_POLICY }) {
  const folder = resolve(root);
  const server = createServer(async (request, response) => {
    const { pathname, search } = new URL(request.url, "http://localhost");
    const found = await find(folder, base, pathname).catch(() => null);
    response.setHeader("Content-Security-Policy", policy);
    response.setHeader("Access-Control-Allow-Origin", "*");
    response.setHeader("X-Content-Type-Options", "nosniff");
    response.setHeader("Cache-Control", "no-cache");
    if (found === null || !["GET", "HEAD"].includes(request.method)) {
      response.writeHead(404, { "Content-Type": "text/plain; charset=utf-8" });
      response.end("There is nothing here.\n");
    } else if (found.redirect) {
      response.writeHead(301, { Location: found.redirect + search });
      response.end();
    } else {
      const type = TYPES[extname(found.file)] ?? "application/octet-stream";
      response.writeHead(200, { "Content-Type": type, "Content-Length": found.size });
      if (request.method === "HEAD") {
        response.end();
      } else {
        createReadStream(found.file).pipe(response);
      }
    }
  });
  await new Promise((done, failed) => {
    server.once("error", failed);
    server.listen(port, "127.0.0.1", done);
  });
  const url = `http://127.0.0.1:${server.address().port}${base}`;
  const close = () => {
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  };
  return { url, close };
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { port: { type: "string", default: "8080" }, base: { type: "string", default: "/" } },
  });
  const [root = "dist"] = positionals;
  try {
    const { url } = await serve({ root, base: values.base, port: Number(values.port) });
    console.log(`Brokerscope is on ${url} (Ctrl-C ends it)`);
    console.log(`An example documentation page is on ${url}example.html`);
  } catch (error) {
    const taken = error.code === "EADDRINUSE";
    console.error(
      taken
        ? `error: port ${values.port} is taken; choose another with --port`
        : `error: cannot serve on port ${values.port} (${error.message})`,
    );
    process.exitCode = 1;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await main();
}
