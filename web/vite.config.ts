// vite.config: builds the browser app into web/dist with relative addresses, one hashed file per part, nothing inlined.
// Keeps the content security policy of src/console/guard.ts: no inline script, no data: font, no other host.

import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './',
  plugins: [react()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    // light-dark() without a rewrite: Chrome 123, Firefox 120, Safari 17.5 (all of May 2024 or before).
    target: ['chrome123', 'firefox120', 'safari17.5'],
    // Cytoscape alone is above the default of 500 kB; it is loaded with the map page only.
    chunkSizeWarningLimit: 700,
  },
  // `vite web` during development: the console's API runs beside it.
  server: { proxy: { '/api': 'http://127.0.0.1:8770' } },
})
