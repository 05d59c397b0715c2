/**
 * The looks of what stands on the shop's page, inside a shadow root: neither side's rules reach the
 * other, and a constructed style sheet is allowed under the strictest policy. The shop may set
 * --yingda-accent, --yingda-on-accent, --yingda-right, --yingda-bottom and --yingda-z.
 */
const RULES = `
:host { all: initial; position: fixed; z-index: var(--yingda-z, 2147483000);
  right: var(--yingda-right, 20px); bottom: var(--yingda-bottom, 20px);
  font-family: system-ui, -apple-system, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
.launcher { position: relative; display: grid; place-items: center; width: 60px; height: 60px; margin: 0; padding: 0;
  border: 0; border-radius: 50%; cursor: pointer; color: var(--yingda-on-accent, #fff);
  background: var(--yingda-accent, #0b6e5f); box-shadow: 0 6px 20px rgb(0 0 0 / 22%), 0 2px 6px rgb(0 0 0 / 16%);
  transition: transform .18s ease, box-shadow .18s ease; }
.launcher:hover { transform: translateY(-2px); box-shadow: 0 10px 26px rgb(0 0 0 / 26%), 0 3px 8px rgb(0 0 0 / 18%); }
.launcher:focus-visible { outline: 3px solid var(--yingda-accent, #0b6e5f); outline-offset: 3px; }
.launcher svg { width: 30px; height: 30px; fill: none; stroke: currentColor; stroke-width: 1.7;
  stroke-linecap: round; stroke-linejoin: round; }
.badge { position: absolute; top: -3px; right: -3px; min-width: 22px; height: 22px; padding: 0 6px;
  border: 2px solid #fff; border-radius: 11px; background: #c4161c; color: #fff;
  font-size: 12px; font-weight: 700; line-height: 18px; text-align: center; }
.panel { position: absolute; right: 0; bottom: 76px; width: 396px; height: min(660px, calc(100vh - 116px));
  height: min(660px, calc(100dvh - 116px)); overflow: hidden; border-radius: 18px; background: Canvas;
  box-shadow: 0 18px 60px rgb(0 0 0 / 28%), 0 2px 10px rgb(0 0 0 / 14%);
  transform-origin: bottom right; transition: opacity .18s ease, transform .18s ease, visibility .18s; }
.panel.shut { visibility: hidden; opacity: 0; transform: translateY(12px) scale(.97); pointer-events: none; }
iframe { display: block; width: 100%; height: 100%; border: 0; color-scheme: normal; }
.failed { position: absolute; inset: 0; display: grid; place-content: center; gap: 12px; padding: 24px;
  background: Canvas; color: CanvasText; font-size: 15px; text-align: center; }
.failed a { color: LinkText; }
.status { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (max-width: 520px), (max-height: 420px) {
  .panel { position: fixed; inset: 0; width: 100%; height: 100%; height: 100dvh; border-radius: 0; }
  .launcher[aria-expanded="true"] { visibility: hidden; }
}
@media (prefers-reduced-motion: reduce) {
  .launcher, .panel { transition: none; }
  .launcher:hover, .panel.shut { transform: none; }
}
@media (forced-colors: active) { .launcher { border: 2px solid; } }
`

/** Where the panel fills the screen: the same question as the media rule above. */
export const FULL_SCREEN = '(max-width: 520px), (max-height: 420px)'

export function dress(root: ShadowRoot): void {
  try {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(RULES)
    root.adoptedStyleSheets = [sheet]
  } catch {
    // Browsers before 2023: allowed wherever the page's policy lets it style itself.
    const style = document.createElement('style')
    style.textContent = RULES
    root.append(style)
  }
}
