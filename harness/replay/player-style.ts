/** The look of a player, beside the style of reports. */
export const playerStyle = `.player{max-width:1000px}
.stage{position:relative;width:100%;aspect-ratio:4/3;max-height:max(280px,100vh - 330px);background:#dfe7ee;border:1px solid var(--line);border-radius:10px;overflow:hidden}
.stage canvas{position:absolute;inset:0;width:100%;height:100%;display:block;touch-action:none}
.track{position:relative;margin:10px 0 4px}
.rewards{display:block;width:100%;height:44px;overflow:visible}
.rewards polyline{fill:none;stroke:var(--accent);stroke-width:1.2}
.track input{width:100%;margin:2px 0 0;display:block;accent-color:var(--accent)}
.controls{display:flex;flex-wrap:wrap;gap:8px 16px;align-items:center;font-size:.9rem}
.controls label{display:flex;gap:6px;align-items:center;color:var(--quiet)}
.controls select{font:inherit;color:var(--text);background:var(--page);border:1px solid var(--line);border-radius:6px;padding:3px 6px;max-width:12rem}
.play{min-width:5rem;font-weight:600}
.readout{color:var(--quiet);font-variant-numeric:tabular-nums;min-width:0}
.player.bare{max-width:none;position:fixed;inset:0}
.bare .stage{height:100%;max-height:none;aspect-ratio:auto;border:0;border-radius:0}
.bare .track,.bare .controls{display:none}
.player .failure{padding:16px}`;
