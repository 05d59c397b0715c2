import { defineConfig } from 'vite'

const here = (path: string) => decodeURIComponent(new URL(path, import.meta.url).pathname)

/** The page inside the iframe: frame.html and hashed assets, served under /widget/. */
export default defineConfig({
  root: here('.'),
  base: '/widget/',
  build: {
    outDir: here('../../bot/web/static/widget'),
    emptyOutDir: true,
    // The polyfill is an inline script, which the frame's policy refuses.
    modulePreload: false,
    // A data: URI would be refused for anything but pictures.
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: here('frame.html'),
      output: { entryFileNames: 'assets/frame-[hash].js' },
    },
  },
})
