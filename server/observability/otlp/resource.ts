import cluster from 'node:cluster';
import {
  defaultResource,
  detectResources,
  type Resource,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
  serviceNameEnvDetector,
} from '@opentelemetry/resources';
import { productName } from '../../config/product-name.ts';

/**
 * Describes the sender: this process, or the primary for the whole cluster. OTEL_RESOURCE_ATTRIBUTES and
 * OTEL_SERVICE_NAME take precedence. The resource contains no command line and no host name; operators can add them as
 * attributes.
 */
export function ownResource(): Resource {
  const own = resourceFromAttributes({
    'service.name': productName,
    'process.pid': process.pid,
    ...(cluster.worker ? { 'bff.worker': cluster.worker.id } : {}),
  });
  const detectors = [serviceInstanceIdDetector, resourceAttributesEnvDetector, serviceNameEnvDetector];
  return defaultResource().merge(own).merge(detectResources({ detectors }));
}
