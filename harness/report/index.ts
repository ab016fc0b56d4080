/** Reports: everything that is made from the CSVs of a comparison. */
export { type Report, type ReportOptions, writeReport } from './write.ts';
