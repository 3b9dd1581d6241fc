// Builds three files, of names that do not change, into the package that serves them.
import { defineConfig } from "vite";

export default defineConfig({
  base: "./",
  build: {
    outDir: "../tipoff/dashboard/built",
    emptyOutDir: true,
    target: "es2022",
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    modulePreload: { polyfill: false },
    cssCodeSplit: false,
    rollupOptions: {
      output: {
        entryFileNames: "app.js",
        assetFileNames: "app[extname]",
        codeSplitting: false,
      },
    },
  },
});
