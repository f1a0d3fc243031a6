import { readFileSync, readdirSync } from "node:fs";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";
import { page } from "./guide.js";

// The licences of what the bundle holds go with it.
function licences(packages) {
  const text = (name) => {
    const folder = new URL(`./node_modules/${name}/`, import.meta.url);
    const files = readdirSync(folder, { recursive: true })
      .filter((file) => /^(licenses\/)?(licen[cs]e|notice)[^/]*$/i.test(file) && file.toLowerCase() !== "licenses").sort();
    return files.map((file) => `${name}: ${file}\n\n${readFileSync(new URL(file, folder), "utf8").trim()}`).join("\n\n\n");
  };
  return {
    name: "licences",
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "licences.txt", source: `${packages.map(text).join("\n\n\n")}\n` });
    },
  };
}

// The facilitator's guide is written once, in docs/, and goes with the page.
const guide = {
  name: "guide",
  generateBundle() {
    const markdown = readFileSync(new URL("../docs/facilitator.md", import.meta.url), "utf8");
    this.emitFile({ type: "asset", fileName: "guide.html", source: page(markdown, "/assets/index.css") });
  },
};

// Names without hashes and nothing of the machine: the same sources give the same bytes.
export default defineConfig({
  // The warnings left out are of pointers on pictures; the same is done by the term slider and the list of schools.
  plugins: [svelte({ configFile: false, onwarn: (warning, told) => { if (!warning.code.startsWith("a11y_no_")) told(warning); } }), guide, licences(["svelte", "echarts", "zrender", "tslib", "@fontsource-variable/inter"])],
  build: {
    outDir: "../kmsim/workshop/page",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
    rollupOptions: {
      output: {
        entryFileNames: "assets/[name].js",
        chunkFileNames: "assets/[name].js",
        assetFileNames: "assets/[name][extname]",
      },
    },
  },
  server: { proxy: { "/api": "http://127.0.0.1:8765" } },
  test: { include: ["tests/**/*.test.js"] },
});
