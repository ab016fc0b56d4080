/**
 * Imported before all else: zod would compile its schemas, and tries whether it may, which a browser reports as a
 * breach of the page's Content-Security-Policy.
 */
import { config } from 'zod';

config({ jitless: true });
