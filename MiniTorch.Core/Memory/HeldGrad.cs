namespace MiniTorch;

/// <summary>A leaf's gradient, or none, whose memory stays until this is disposed of.</summary>
internal readonly struct HeldGrad(Tensor? tensor) : IDisposable
{
    public Tensor? Tensor => tensor;

    public void Dispose() => tensor?.Storage.Release();
}
