/* Runs before the first paint: a module would let a dark-theme reader see one white flash. */
;(function () {
  var chosen = null
  try {
    chosen = localStorage.getItem('yingda.theme')
  } catch {
    chosen = null
  }
  var dark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.classList.toggle('dark', dark)
})()
