/** Pictures of the variance experiment: error against time, one picture per problem, one panel per N. */
import { errorPicture, problemFileNames } from '../error-plot.ts';
import type { Picture } from '../page.ts';
import type { ProblemVarianceRow } from './experiment.ts';

export function variancePictures(rows: readonly ProblemVarianceRow[]): Picture[] {
  const estimators = [...new Set(rows.map((row) => row.estimator))];
  const problems = [...new Set(rows.map((row) => row.problem))];
  const fileName = problemFileNames(problems);
  return problems.map((problem) => {
    const own = rows.filter((row) => row.problem === problem);
    return errorPicture(
      {
        fileName: `variance-${fileName(problem)}.svg`,
        title: `Error of the posterior mean on ${problem}, ${own[0].proposal} draws`,
        description: 'Mean squared error of E[y1 | y_t] against time, by estimator and number of draws.',
      },
      own.map((row) => ({ ...row, column: `N = ${row.particles}`, series: row.estimator })),
      estimators,
    );
  });
}
