/** The look of the page: light and dark by the reader's setting or choice, on paper, and on small screens. */
import { palette } from './series.ts';

const colours = (scheme: 'light' | 'dark'): string =>
  palette.map((hue, i) => `--series-${i}:${hue[scheme]};`).join('');

const light = `color-scheme:light;--page:#ffffff;--panel:#f6f8fa;--line:#dde3ea;--text:#1c2430;--quiet:#566173;--faint:#8a94a3;
--accent:#2563c9;--warn-line:#d9a441;--warn-page:#fdf6e6;--bad:#b3352b;--bad-page:#fdefed;--best:#e8f1fd;${colours('light')}`;

const dark = `color-scheme:dark;--page:#12161c;--panel:#1a2029;--line:#2d3642;--text:#e6eaf0;--quiet:#a3aebd;--faint:#7d8898;
--accent:#7fb0ff;--warn-line:#b98a2e;--warn-page:#2a2415;--bad:#ff9385;--bad-page:#30191a;--best:#1b2c45;${colours('dark')}`;

/** What hides agents in plots, by a class of the page. */
export const hidingRules = (agents: number): string =>
  Array.from({ length: agents }, (_, i) => `.hide-${i} svg .series-${i}{display:none}`).join('');

/** @param agents how many can be hidden */
export function style(agents: number): string {
  const hidden = hidingRules(agents);
  return `:root{${light}}
@media (prefers-color-scheme:dark){:root:not([data-scheme=light]){${dark}}}
:root[data-scheme=dark]{${dark}}
${page}
${hidden}
@media print{:root,:root[data-scheme=dark],:root:not([data-scheme=light]){${light}}${print}}`;
}

const page = `*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
@media(prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
body{margin:0;background:var(--page);color:var(--text);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:anywhere}
header,main,footer{max-width:1240px;margin:0 auto;padding:0 clamp(16px,4vw,40px)}
header{padding-top:28px}
a{color:var(--accent)}
.skip{position:absolute;left:-999px}
.skip:focus{left:16px;top:8px;background:var(--page);padding:6px 10px;z-index:1}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:3px}
.kicker{display:flex;justify-content:space-between;align-items:center;gap:12px;color:var(--quiet);font-size:.875rem}
h1{font-size:clamp(1.5rem,1.1rem + 2vw,2.25rem);line-height:1.2;letter-spacing:-.015em;margin:.25em 0 .5em;text-wrap:balance}
h2{font-size:1.3rem;letter-spacing:-.01em;margin:0 0 .35em}
section{margin:0;padding:36px 0;border-top:1px solid var(--line)}
section>p,.lead{max-width:72ch;color:var(--quiet);margin:.2em 0 1.1em}
button{font:inherit;color:inherit;background:none;border:1px solid var(--line);border-radius:6px;padding:3px 10px;cursor:pointer}
button:hover{border-color:var(--faint)}
nav ul{display:flex;flex-wrap:wrap;gap:4px 18px;list-style:none;margin:0;padding:14px 0;font-size:.9rem}
nav a{text-decoration:none}
nav a:hover{text-decoration:underline}
.facts{display:flex;flex-wrap:wrap;gap:1px;background:var(--line);border:1px solid var(--line);border-radius:10px;overflow:hidden;margin:0 0 16px}
.facts div{flex:1 1 auto;background:var(--page);padding:10px 16px;min-width:5.5rem}
.facts dt{color:var(--quiet);font-size:.8rem}
.facts dd{margin:0;font-size:1.1rem;font-weight:600;white-space:nowrap;font-variant-numeric:tabular-nums}
.notice{border-left:4px solid var(--warn-line);background:var(--warn-page);border-radius:0 8px 8px 0;padding:8px 14px;margin:10px 0;font-size:.925rem}
.notice.bad{border-color:var(--bad);background:var(--bad-page)}
.mark{color:var(--quiet);cursor:help;font-weight:600;text-decoration:none}
.pair{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,460px),1fr));gap:20px}
.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,320px),1fr));gap:20px}
figure{margin:0;border:1px solid var(--line);border-radius:10px;padding:12px 12px 8px;background:var(--page);min-width:0;break-inside:avoid}
figcaption{font-weight:600;font-size:.925rem;margin:0 0 4px}
figcaption small{display:block;font-weight:400;color:var(--quiet)}
svg.plot{display:block;width:100%;height:auto;font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
svg.plot text{white-space:pre}
svg.plot:focus-visible{outline-offset:0}
svg.plot[tabindex]{touch-action:pan-y pinch-zoom}
svg.narrow{display:none}
figure{position:relative}
.tools{display:flex;flex-wrap:wrap;gap:4px;margin:0 0 6px}
.tools button{font-size:.75rem;line-height:1.35;padding:1px 7px;min-width:24px;min-height:24px;color:var(--quiet)}
.tools button:hover{color:var(--text)}
.tools button:disabled{opacity:.45;cursor:default}
.choices{display:flex;flex-wrap:wrap;gap:6px 18px;margin:0 0 12px;font-size:.9rem}
.choices[hidden]{display:none}
.choices label{display:inline-flex;align-items:center;gap:6px;min-height:24px}
.choices select{font:inherit;color:inherit;background:var(--page);border:1px solid var(--line);border-radius:6px;padding:3px 6px;max-width:100%}
.choices input{accent-color:var(--accent);width:16px;height:16px;margin:0}
.tip{position:absolute;z-index:2;pointer-events:none;background:var(--page);border:1px solid var(--faint);border-radius:8px;box-shadow:0 3px 12px rgb(0 0 0/.18);padding:6px 10px;font-size:.8125rem;line-height:1.4;width:max-content;max-width:min(20rem,90%);font-variant-numeric:tabular-nums}
.tip[hidden]{display:none}
.tip strong{display:block;border-left:4px solid;padding-left:7px;margin-bottom:2px}
.pointer line{stroke:currentColor;stroke-opacity:.4;stroke-dasharray:2,2}
.pointer circle{fill:var(--page);stroke-width:2.5}
.sheet{display:none}
.legend{display:flex;flex-wrap:wrap;gap:6px;margin:0 0 14px}
.legend button{border-radius:999px;font-size:.875rem;padding:2px 11px 2px 9px;max-width:100%}
.legend button[aria-pressed=false]{opacity:.5;text-decoration:line-through}
.agent{display:inline-flex;align-items:center;gap:6px;text-align:left}
.agent bdi,td bdi,th bdi{unicode-bidi:isolate}
.swatch{flex:none;width:12px;height:12px}
.definitions{position:absolute}
.name{white-space:nowrap}
.scroll{overflow-x:auto;max-width:100%;margin:0 0 12px;border:1px solid var(--line);border-radius:10px}
table{border-collapse:collapse;width:100%;font-size:.875rem;font-variant-numeric:tabular-nums}
caption{text-align:left;padding:9px 12px;font-weight:600;color:var(--text);caption-side:top}
th,td{padding:6px 12px;text-align:left;border-top:1px solid var(--line);vertical-align:top;overflow-wrap:break-word}
td bdi:not(.name),th bdi:not(.name){display:inline-block;width:max-content;max-width:18rem;overflow-wrap:anywhere;white-space:normal}
.reason{min-width:15rem;overflow-wrap:anywhere}
th:first-child{position:sticky;left:0;background:var(--page);z-index:1}
@media print{th:first-child{position:static}}
thead th,thead th:first-child{background:var(--panel);font-weight:600;white-space:nowrap;vertical-align:bottom}
tbody th{font-weight:500}
.number{text-align:right;white-space:nowrap}
tbody tr:hover,tbody tr:hover th:first-child{background:var(--panel)}
td.best{background:var(--best);font-weight:600}
td small,.range{color:var(--quiet);font-size:.8125rem;font-weight:400}
td .range{display:block}
th button.sort{border:0;padding:0;font-weight:600;white-space:nowrap}
th button.sort::after{content:"\\2195";color:var(--faint);margin-left:5px;font-size:.85em}
th[aria-sort=ascending] button.sort::after{content:"\\2191";color:var(--accent)}
th[aria-sort=descending] button.sort::after{content:"\\2193";color:var(--accent)}
details{margin:10px 0}
summary{cursor:pointer;color:var(--accent);font-size:.9rem;padding:2px 0}
pre{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:12px 14px;font:.8125rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;overflow-x:auto;white-space:pre-wrap;max-height:32rem;overflow-y:auto}
.pairs{display:grid;grid-template-columns:minmax(0,max-content) minmax(0,1fr);gap:2px 18px;margin:0 0 14px;font-size:.9rem}
.pairs dt{color:var(--quiet)}
.pairs dd{margin:0;min-width:0}
.bad-text{color:var(--bad);font-weight:600}
section:last-of-type{border-bottom:1px solid var(--line)}
footer{padding-top:16px;padding-bottom:36px;color:var(--quiet);font-size:.85rem;max-width:1240px}
@media (max-width:640px){svg.wide{display:none}svg.narrow{display:block}section{padding:26px 0}th,td{padding:6px 9px}.pairs{grid-template-columns:minmax(0,1fr)}.pairs dd{margin-bottom:6px}}`;

const print = `body{font-size:10.5pt}header,main,footer{max-width:none;padding:0}nav,.skip,.scheme,.tools,.choices,.tip,.pointer,#training:not(:has(figure)),.still,pre[data-file]{display:none}body:has(>.sheet)>:not(.sheet){display:none}.sheet{display:block}.sheet svg{display:block}.legend button{border:0;padding:0 8px 0 0}section{padding:14pt 0}figure,tr{break-inside:avoid}h2,h3,section>p,section>.notice,.legend,caption,thead{break-after:avoid}section>p,.legend,.facts{break-inside:avoid}.scroll,pre{overflow:visible;max-height:none}.pair{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,460px),1fr));gap:20px}
.plots,.pair{grid-template-columns:repeat(2,1fr)}.pair svg.wide{display:none}.pair svg.narrow{display:block}table{font-size:7.5pt}th,td{padding:3pt 4pt}thead th,th button.sort{white-space:normal}.range{font-size:6.5pt}table.broad{font-size:5pt}table.broad .range{font-size:4pt}table.broad th,table.broad td{padding:2pt}table.broad :is(.name,.number,.range){white-space:normal}table.broad .swatch{display:none}.reason{min-width:8rem}th button.sort::after{content:""}details.data{display:none}`;
