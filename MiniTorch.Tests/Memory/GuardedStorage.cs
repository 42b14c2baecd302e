namespace MiniTorch.Tests.Kernels;

/// <summary>A tensor's memory that ends, or begins, at a page that may not be touched.</summary>
internal sealed unsafe class GuardedStorage(DType dtype, long count, bool atStart) : Storage(dtype), IDisposable
{
    readonly GuardedBuffer<byte> _buffer = new((int)(count * dtype.Size()), atStart);

    public override ref byte Data => ref *_buffer.Data;

    public void Dispose() => _buffer.Dispose();

    /// <summary>Gives every tensor that is made until the result is disposed of such memory; then it is gone.</summary>
    public static IDisposable ForAllTensors(bool atStart)
    {
        var scope = new Scope();
        Substitute = (dtype, count) =>
        {
            var storage = new GuardedStorage(dtype, count, atStart);
            lock (scope.Made) scope.Made.Add(storage);
            return storage;
        };
        return scope;
    }

    sealed class Scope : IDisposable
    {
        public readonly List<GuardedStorage> Made = [];

        public void Dispose()
        {
            Substitute = null;
            foreach (GuardedStorage storage in Made) storage.Dispose();
        }
    }
}
