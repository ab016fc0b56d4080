/** What playground.test.ts tries in Chromium alone, in Firefox too. */
process.env.RFM_HARNESS_EVERY_BROWSER = '1';
await import('./playground.test.ts');
