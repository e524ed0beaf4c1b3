import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react()],
  // Tauri's development window looks for this port.
  server: { port: 1420, strictPort: true },
  build: {
    // The oldest webviews that the window runs in: WebKitGTK 2.40, WKWebView of macOS 13, WebView2.
    target: ["safari16.4", "chrome111"],
    modulePreload: { polyfill: false },
    // Fonts stay files, so that the page's policy needs no data: addresses.
    assetsInlineLimit: 0,
  },
  test: {
    environment: "happy-dom",
    setupFiles: ["src/testing/setup.ts"],
    css: false,
    testTimeout: 60_000,
  },
});
