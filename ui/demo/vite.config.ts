import { defineConfig } from 'vite'

const here = (path: string) => decodeURIComponent(new URL(path, import.meta.url).pathname)

/** The demo shop: a page like any shop's, with the widget's one line in it. */
export default defineConfig({
  root: here('.'),
  base: '/demo/',
  build: {
    outDir: here('../../bot/web/static/demo'),
    emptyOutDir: true,
    modulePreload: false,
    assetsInlineLimit: 0,
    rolldownOptions: { external: ['/widget/loader.js'] },
  },
})
